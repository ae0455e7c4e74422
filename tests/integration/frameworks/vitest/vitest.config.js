export default { test: { reporters: ['dot'] }, cacheDir: process.env.TMPDIR ?? '/tmp' };
