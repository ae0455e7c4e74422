// SourceIndex: where in a checkout the statements and tables of findings are written. A statement is found by
// its fingerprint: a string literal, or a statement of a .sql file, that parses to the same one. The search
// is bounded (files, bytes, parsed literals); what a bound cut off is told by note(). Immutable after
// search().
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rules/rule.h"

namespace pgsieve {

struct SourceLocation {
  // What the place is, the most telling first.
  enum class Kind : uint8_t {
    kCode,       // the statement's own tag says so
    kTest,       // the test that ran it
    kStatement,  // its text, found in the checkout
    kParent,     // the text of the statement it runs after
    kTable,      // where its table is created
    kFiled,      // no place at all: only where it is filed
  };
  std::string path;  // relative, '/' separators; never empty
  uint64_t line = 1;
  Kind kind = Kind::kFiled;
  bool exact() const { return kind != Kind::kFiled; }
};

class SourceIndex {
 public:
  struct Limits {
    size_t files = 20'000;
    size_t bytes = 256U << 20;
    size_t file_bytes = 1U << 20;
    size_t statements = 20'000;
  };

  SourceIndex() = default;  // empty: knows no place
  // Searches below `root` for what the findings are about. A folder that can't be read is passed over.
  static SourceIndex search(const std::string& root, std::span<const Finding> findings, const Limits& limits);
  static SourceIndex search(const std::string& root, std::span<const Finding> findings) {
    return search(root, findings, Limits{});
  }

  // Also finds tables in a schema file, wherever that is, unless the checkout has a better place for them.
  void add_schema(const std::string& path, std::span<const Finding> findings);

  std::optional<SourceLocation> statement(const PatternKey& pattern) const;
  std::optional<SourceLocation> table(std::string_view name) const;  // schema-qualified or not

  // A path as some machine had it, as one below the root: /build/app/models/post.rb → app/models/post.rb,
  // when there is such a file.
  std::optional<std::string> inside(std::string_view path) const;

  // The file of a test class: OrdersTest → test/orders_test.rb or src/test/java/shop/OrdersTest.java, when
  // just one file fits.
  std::optional<std::string> file_of_class(std::string_view name) const;
  // The line of that file on which `text` stands as words of its own; 0: none, or no such file.
  uint64_t line_of(const std::string& path, std::string_view text) const;

  const std::string& note() const { return note_; }  // "": the whole checkout was searched

 private:
  friend class SourceSearch;
  std::string root_;
  std::map<uint64_t, SourceLocation> statements_;  // by fingerprint
  std::map<std::string, SourceLocation> tables_;   // lower case, without schema
  std::map<std::string, std::string> files_;       // lower case, without underscores and suffix; "": several
  std::string note_;
};

}  // namespace pgsieve
