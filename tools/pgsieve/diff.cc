#include "tools/pgsieve/commands.h"
namespace pgsieve {
int run_diff(const DiffOptions&) { return kExitUsage; }
}
