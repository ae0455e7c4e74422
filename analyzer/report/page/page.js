// The page's behaviour: filters of the findings, the paged table of patterns, deep links. Text from the capture
// only ever becomes text nodes.
'use strict';
(() => {
  const $ = (id) => document.getElementById(id);
  const SVG = 'http://www.w3.org/2000/svg';
  const make = (name, properties, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };
  const draw = (name, attributes, ...children) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };
  const count = (number) => number.toLocaleString('en-US');
  const time = (ms) => {
    if (ms === null) return '–';
    if (ms < 10) return ms.toFixed(3) + ' ms';
    if (ms < 1000) return ms.toFixed(1) + ' ms';
    if (ms < 60000) return (ms / 1000).toFixed(1) + ' s';
    const seconds = Math.round(ms / 1000);
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
    return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds % 3600 / 60)} min`;
  };

  // ---- theme
  const theme = $('theme');
  const dark = () => document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  const nameTheme = () => { theme.textContent = dark() ? 'Light colours' : 'Dark colours'; };
  theme.hidden = false;
  theme.addEventListener('click', () => {
    document.documentElement.dataset.theme = dark() ? 'light' : 'dark';
    nameTheme();
  });
  nameTheme();

  // ---- findings
  const findings = [...document.querySelectorAll('.finding')];
  const search = $('find');
  const rule = $('rule');
  const order = $('order');
  const levels = [...document.querySelectorAll('input[name="severity"]')];
  const filterFindings = () => {
    if (!search) return;
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = new Set(levels.filter((box) => box.checked).map((box) => box.value));
    let shown = 0;
    for (const finding of findings) {
      const text = finding.textContent.toLowerCase();
      const fits = wanted.has(finding.dataset.severity) && (rule.value === '' || finding.dataset.rule === rule.value) &&
        words.every((word) => text.includes(word));
      finding.hidden = !fits;
      if (fits) ++shown;
    }
    $('shown').textContent = `${count(shown)} of ${count(findings.length)} shown`;
  };
  const sortFindings = () => {
    const key = { worst: (f) => +f.dataset.place, count: (f) => -f.dataset.count, time: (f) => -f.dataset.time }[order.value];
    const list = $('findings-list');
    for (const finding of [...findings].sort((a, b) => key(a) - key(b) || a.dataset.place - b.dataset.place)) list.append(finding);
  };
  if (search) {
    $('findings-tools').hidden = false;
    for (const control of [search, rule, ...levels]) control.addEventListener('input', filterFindings);
    order.addEventListener('input', sortFindings);
    filterFindings();
  }
  for (const block of document.querySelectorAll('.fix')) {
    const button = make('button', { className: 'copy', type: 'button', textContent: 'Copy' });
    button.addEventListener('click', async () => {
      const code = block.querySelector('pre');
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = 'Copied';
      } catch {
        getSelection().selectAllChildren(code);
        button.textContent = 'Selected: press Ctrl+C';
      }
    });
    if (block.querySelector('pre')) block.append(button);
  }

  // ---- patterns: [fingerprint, query, calls, errors, total, mean, p50, p95, max, rows, bins, findings, short query]
  const COLUMNS = [
    ['Query', 1, String, 'text'], ['Total', 4, time], ['Share', 4, null], ['Calls', 2, count], ['Mean', 5, time], ['p50', 6, time],
    ['p95', 7, time], ['Max', 8, time], ['Rows', 9, (rows) => rows === null ? '–' : count(rows)], ['Errors', 3, count],
  ];
  const PAGE = 100;
  let patterns = [];
  let visible = [];
  let total = 0;
  let sorting = { column: 4, descending: true };
  let page = 0;
  let opened = null;

  // How often each duration was seen, by powers of two.
  const histogram = (pattern) => {
    const bins = pattern[10];
    if (!bins.length) return make('p', { textContent: 'No durations are known.' });
    const first = bins[0][0];
    const last = bins[bins.length - 1][0];
    const tallest = Math.max(...bins.map((bin) => bin[1]));
    const width = Math.min(60, 900 / (last - first + 1));
    const label = `Durations of ${count(pattern[2])} calls, from ${time(2 ** first / 1000)} to ${time(2 ** (last + 1) / 1000)}`;
    const image = draw('svg', { role: 'img', 'aria-label': label, width: (last - first + 1) * width + 80, height: 110 });
    for (const [bin, calls] of bins) {
      const height = Math.max(1, Math.round(70 * calls / tallest));
      image.append(draw('rect', { class: 'bar', x: (bin - first) * width + 1, y: 80 - height, width: width - 2, height },
        draw('title', {}, `${count(calls)} calls from ${time(2 ** bin / 1000)} to ${time(2 ** (bin + 1) / 1000)}`)));
    }
    image.append(draw('line', { class: 'axis', x1: 0, x2: (last - first + 1) * width, y1: 80.5, y2: 80.5 }),
      draw('text', { x: 0, y: 98 }, time(2 ** first / 1000)),
      draw('text', { x: (last - first + 1) * width, y: 98, 'text-anchor': last - first > 2 ? 'middle' : 'start' }, time(2 ** (last + 1) / 1000)));
    return image;
  };
  const detail = (pattern) => {
    const links = pattern[11].map((id) => make('li', {}, make('a', { href: '#finding=' + id, textContent: id })));
    const cell = make('td', { colSpan: COLUMNS.length },
      make('pre', { tabIndex: 0 }, pattern[1]), make('p', {}, `Fingerprint ${pattern[0]}`), histogram(pattern));
    cell.querySelector('pre').setAttribute('role', 'group');
    cell.querySelector('pre').setAttribute('aria-label', 'Statement');
    if (links.length) cell.append(make('p', {}, 'Findings:'), make('ul', {}, ...links));
    return make('tr', { className: 'detail' }, cell);
  };
  const showPage = () => {
    const pages = Math.max(1, Math.ceil(visible.length / PAGE));
    page = Math.min(Math.max(page, 0), pages - 1);
    const rows = [];
    for (const pattern of visible.slice(page * PAGE, (page + 1) * PAGE)) {
      const cells = COLUMNS.map(([, index, format, kind]) => {
        const cell = make('td', { className: kind || '' });
        if (kind === 'text') {
          const button = make('button', { type: 'button', textContent: pattern[12] || pattern[1] });
          button.setAttribute('aria-expanded', opened === pattern);
          button.addEventListener('click', () => {
            opened = opened === pattern ? null : pattern;
            showPage();
            const again = document.querySelector(`[data-pattern="${pattern[0]}"] button`);
            if (again) again.focus();
          });
          cell.append(button);
        } else if (format === null) {
          const share = total > 0 && pattern[4] !== null ? pattern[4] / total : 0;
          cell.append((100 * share).toFixed(1) + ' %', draw('svg', { width: 60, height: 5, 'aria-hidden': 'true' },
            draw('rect', { class: 'bar', width: Math.max(share > 0 ? 1 : 0, 60 * share), height: 5 })));
        } else {
          cell.append(format(pattern[index]));
        }
        return cell;
      });
      const row = make('tr', {}, ...cells);
      row.dataset.pattern = pattern[0];
      rows.push(row);
      if (opened === pattern) rows.push(detail(pattern));
    }
    $('patterns-rows').replaceChildren(...rows);
    $('page-text').textContent = visible.length === 0 ? 'No pattern fits'
      : `${count(page * PAGE + 1)}–${count(Math.min((page + 1) * PAGE, visible.length))} of ${count(visible.length)} patterns`;
    $('back').disabled = page === 0;
    $('forward').disabled = page + 1 === pages;
  };
  const arrange = () => {
    const words = $('find-pattern').value.toLowerCase().split(/\s+/).filter(Boolean);
    const { column, descending } = sorting;
    visible = patterns.filter((pattern) => words.every((word) => pattern[1].toLowerCase().includes(word) || pattern[0].includes(word)));
    const sign = descending ? -1 : 1;
    visible.sort((a, b) => {
      if (column === 1) return sign * (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0);
      return sign * ((a[column] ?? -1) - (b[column] ?? -1));
    });
    page = 0;
    showPage();
  };
  const headings = () => {
    const cells = COLUMNS.map(([name, index, , kind]) => {
      const button = make('button', { type: 'button', textContent: name });
      const cell = make('th', { scope: 'col', className: kind || '' }, button);
      button.addEventListener('click', () => {
        sorting = { column: index, descending: sorting.column === index && sorting.name === name ? !sorting.descending : index !== 1, name };
        for (const other of cells) other.removeAttribute('aria-sort');
        cell.setAttribute('aria-sort', sorting.descending ? 'descending' : 'ascending');
        arrange();
      });
      if (name === 'Total') {
        cell.setAttribute('aria-sort', 'descending');
        sorting.name = name;
      }
      return cell;
    });
    $('patterns-head').replaceChildren(make('tr', {}, ...cells));
  };
  const read = async () => {
    const holder = $('patterns-data');
    if (holder.type === 'application/json') return JSON.parse(holder.textContent);
    const bytes = Uint8Array.from(atob(holder.textContent.trim()), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    return JSON.parse(await new Response(stream).text());
  };

  // ---- deep links: #finding=ID, #pattern=FINGERPRINT
  const follow = () => {
    let hash = location.hash.slice(1);
    try { hash = decodeURIComponent(hash); } catch { return; }
    if (hash.startsWith('finding=')) {
      const finding = document.getElementById(hash);
      if (!finding) return;
      if (finding.hidden) {
        search.value = '';
        rule.value = '';
        for (const box of levels) box.checked = true;
        filterFindings();
      }
      finding.scrollIntoView();
    } else if (hash.startsWith('pattern=')) {
      const wanted = patterns.find((pattern) => pattern[0] === hash.slice(8));
      if (!wanted) return;
      $('find-pattern').value = '';
      arrange();
      opened = wanted;
      page = Math.floor(visible.indexOf(wanted) / PAGE);
      showPage();
      document.querySelector(`[data-pattern="${wanted[0]}"]`).scrollIntoView();
    }
  };
  addEventListener('hashchange', follow);

  read().then((data) => {
    patterns = data;
    total = patterns.reduce((sum, pattern) => sum + (pattern[4] ?? 0), 0);
    headings();
    $('patterns-tools').hidden = false;
    $('find-pattern').addEventListener('input', arrange);
    $('back').addEventListener('click', () => { --page; showPage(); });
    $('forward').addEventListener('click', () => { ++page; showPage(); });
    arrange();
    follow();
    document.documentElement.dataset.ready = 'yes';
  }).catch((error) => {
    $('patterns-note').textContent = 'The table of patterns could not be read: ' + error.message;
    document.documentElement.dataset.ready = 'failed';
  });
})();
