// What a session has prepared: statements by name, portals by name.
//
// The client's view: an entry is made when the client sends its message, so that messages sent right behind
// it find it, and taken back when the server refuses.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analyzer/base/time.h"
#include "analyzer/capture/event.h"
#include "analyzer/wire/result.h"
#include "analyzer/wire/statement_text.h"

namespace pgsieve {

// Where a message began: byte offset and ordinal of its packet. 0: no capture file.
struct WirePlace {
  uint64_t offset = 0;
  uint64_t packet = 0;
};

// A name of the session and what is known of what it stands for.
struct PreparedStatement {
  explicit PreparedStatement(std::shared_ptr<const StatementText> text_given)
      : content(std::move(text_given)) {}

  const std::string& text() const { return content->text; }
  const StatementScan& scan() const { return content->scan; }
  // The single statements, when it is not just one.
  const std::vector<std::string_view>& parts() const { return content->parts; }

  std::string name;
  std::shared_ptr<const StatementText> content;  // never null
  bool cut = false;                              // the text is longer than what was kept
  std::vector<uint32_t> parameter_types;
  std::shared_ptr<const RowShape> columns;         // from a Describe of the statement
  std::shared_ptr<const RowShape> portal_columns;  // from the latest Describe of a portal of it
  uint64_t age = 0;
};

struct Portal {
  std::string name;
  std::shared_ptr<PreparedStatement> statement;  // null: prepared before the capture began
  std::string storage;                           // what values view into
  std::vector<BoundValue> values;
  bool values_known = false;
  std::vector<bool> binary_results;
  std::shared_ptr<const RowShape> columns;  // from a Describe of the portal
  bool bound = false;                       // the server said so

  // The execution so far; a portal that is suspended goes on later.
  ResultRows result;
  Microseconds spent = 0;
  uint32_t fetches = 0;
  Event::Sent sent = Event::Sent::kUnknown;
  WirePlace place;
  bool suspended = false;
  bool emitted = false;

  // As new, but with the memory it has.
  void reset();
  bool is_large() const;  // … which is more than is worth keeping
};

// Bounded by number and by bytes of text: the oldest entries go first. A name is that of the statement it
// stands for.
class StatementBook {
 public:
  static constexpr size_t kMaxStatements = 4096;
  static constexpr size_t kMaxText = size_t{32} * 1024 * 1024;

  std::shared_ptr<PreparedStatement> find(std::string_view name) const;
  // Returns what had its name before.
  std::shared_ptr<PreparedStatement> put(std::shared_ptr<PreparedStatement> statement);
  // Gives the name of `taken` back to `previous`, unless somebody else has it by now.
  void take_back(const PreparedStatement& taken, std::shared_ptr<PreparedStatement> previous);
  void erase(std::string_view name);
  void clear();

 private:
  void make_room();

  std::unordered_map<std::string_view, std::shared_ptr<PreparedStatement>> statements_;  // by their names
  size_t text_bytes_ = 0;
  uint64_t next_age_ = 0;
};

}  // namespace pgsieve
