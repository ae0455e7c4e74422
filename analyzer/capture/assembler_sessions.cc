// Which backend an entry belongs to, and where its session begins and ends. See assembler.h.
#include <algorithm>

#include "analyzer/capture/assembler.h"
#include "analyzer/capture/message.h"

namespace pgsieve {
namespace {

constexpr Microseconds kReuseGap =
    6 * 3600 * kSecond;  // a process id idle for so long may be another process

// Whether the message is the first, or one of the first, that a process writes.
bool begins_session(const Backend& backend, const LogEntry& entry, const Message& message) {
  if (message.kind != MessageKind::kConnection) return false;
  return entry.message.starts_with("connection received") || backend.has_statements;
}

bool differs(std::string_view known, std::string_view now) {
  return !known.empty() && !now.empty() && known != now;
}

void assign(std::string& kept, std::string_view now) {
  if (!now.empty() && kept != now) kept = now;
}

}  // namespace

Backend& Assembler::backend_of(const LogEntry& entry, const Message& message) {
  uint64_t key = 0;
  const bool by_pid = entry.session_id.empty();
  if (!by_pid) {
    key = hash64(entry.session_id);
    if (!entry.server.empty()) key = hash_combine(key, hash64(entry.server));
  } else if (entry.pid != 0) {
    key = hash_combine(entry.pid, server_of(entry));
  }
  Backend& backend = backends_.get(key, [this](Backend& oldest) {
    flush(oldest);
    for (const PrepareTime& prepare : oldest.prepares) drop_prepare(prepare);
    ++evidence_.evicted_backends;
    std::erase(touched_, &oldest);
    if (latest_ == &oldest) latest_ = nullptr;
  });
  if (key == 0) return backend;
  const bool reused = by_pid && backend.session != 0 &&
                      (begins_session(backend, entry, message) || differs(backend.user, entry.user) ||
                       differs(backend.database, entry.database) ||
                       (entry.time != kUnknownTime && backend.last_time != kUnknownTime &&
                        entry.time - backend.last_time > kReuseGap));
  if (reused) close_session(backend, backend.last_time);
  if (backend.session == 0) {
    backend.by_pid = by_pid;
    open_session(backend, entry);
    if (resumable_ && message.kind != MessageKind::kConnection) restore(backend, entry);
  }
  if (entry.time != kUnknownTime) backend.last_time = entry.time;
  return backend;
}

void Assembler::open_session(Backend& backend, const LogEntry& entry) {
  backend.session = backend.key;
  if (backend.by_pid) {
    backend.generation = &generations_.of(entry.pid, server_of(entry));
    backend.session = hash_combine(backend.key, *backend.generation);
  }
  if (backend.session == 0) backend.session = 1;
}

// Process ids mean the same in the entries of one server.
uint64_t Assembler::server_of(const LogEntry& entry) const {
  return entry.server.empty() ? place_.group : hash_combine(place_.group, hash64(entry.server));
}

// Ends the session and readies the backend for the next one of its process id.
void Assembler::close_session(Backend& backend, Microseconds time) {
  flush(backend);
  for (const PrepareTime& prepare : backend.prepares) drop_prepare(prepare);
  backend.prepares.clear();
  drop_loose(backend);
  if (backend.session != 0) emitter_.session_end(backend.identity(), time);
  if (backend.generation != nullptr) ++*backend.generation;
  backend.session = 0;
  backend.user.clear();
  backend.database.clear();
  backend.application.clear();
  backend.host.clear();
  backend.server.clear();
  backend.unplanned = {};
  backend.latest_transaction = backend.transactions_over = 0;
  backend.has_statements = backend.owed_duration = false;
}

void Assembler::update_identity(Backend& backend, const LogEntry& entry) {
  if (backend.session == 0) {  // no session information: each entry speaks for itself
    backend.user = entry.user;
    backend.database = entry.database;
    backend.application = entry.application;
    backend.host = entry.host;
    backend.server = entry.server;
    return;
  }
  assign(backend.user, entry.user);
  assign(backend.database, entry.database);
  assign(backend.application, entry.application);
  assign(backend.host, entry.host);
  assign(backend.server, entry.server);
}

}  // namespace pgsieve
