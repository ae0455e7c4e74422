#include "analyzer/capture/chunk_order.h"

#include <algorithm>
#include <unordered_map>

#include "analyzer/base/hash.h"

namespace pgsieve {
namespace {

uint64_t session_of(const LogEntry& entry) {
  return entry.session_id.empty() ? hash_combine(entry.pid, 1) : hash64(entry.session_id);
}

}  // namespace

void restore_session_order(std::vector<LogEntry>& entries) {
  struct Session {
    uint64_t last_line = 0;
    bool disordered = false;
    std::vector<size_t> places;
  };
  std::unordered_map<uint64_t, Session> sessions;
  bool any = false;
  for (const LogEntry& entry : entries) {
    if (entry.session_line == 0) continue;
    Session& session = sessions[session_of(entry)];
    if (entry.session_line < session.last_line) session.disordered = any = true;
    session.last_line = entry.session_line;
  }
  if (!any) return;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].session_line == 0) continue;
    Session& session = sessions[session_of(entries[i])];
    if (session.disordered) session.places.push_back(i);
  }
  std::vector<LogEntry> sorted;
  for (const auto& [key, session] : sessions) {
    if (!session.disordered) continue;
    sorted.clear();
    for (const size_t place : session.places) sorted.push_back(entries[place]);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const LogEntry& a, const LogEntry& b) { return a.session_line < b.session_line; });
    for (size_t i = 0; i < sorted.size(); ++i) entries[session.places[i]] = sorted[i];
  }
}

void oldest_first(std::vector<LogEntry>& entries) {
  std::reverse(entries.begin(), entries.end());
  std::stable_sort(entries.begin(), entries.end(),
                   [](const LogEntry& a, const LogEntry& b) { return a.time < b.time; });
  restore_session_order(entries);
}

}  // namespace pgsieve
