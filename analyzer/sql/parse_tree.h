// ParseTree: one text parsed by libpg_query into its protobuf tree (https://github.com/pganalyze/libpg_query,
// nodes as PostgreSQL's parser makes them, see src/include/nodes/parsenodes.h there).
//
// The tree lives in an arena that the ParseTree owns: pointers into it are valid as long as the ParseTree is,
// a move does not change them, and freeing is dropping a few blocks (the library's own free function
// recurses). Movable, not copyable; reading is thread-safe.
//
// Hostile texts: the depth of the tree is bounded before parsing (see depth_guard.h). Deep ones are parsed on
// a thread of their own with a large, lazily committed stack, still deeper or longer ones are refused with
// kTooComplex.
#pragma once

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/error.h"

namespace pgsieve {

// Bump allocator behind protobuf-c's allocator interface; refuses (nullptr) beyond its limit.
class TreeArena {
 public:
  explicit TreeArena(size_t limit) : limit_(limit) {}
  void* allocate(size_t bytes);
  size_t allocated() const { return total_; }

 private:
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  std::byte* next_ = nullptr;
  size_t left_ = 0;
  size_t total_ = 0;
  size_t limit_;
};

class ParseTree {
 public:
  enum class Outcome : uint8_t {
    kParsed,
    kRejected,    // the grammar does not know this text; message() is libpg_query's
    kTooComplex,  // too long, too deep or too large to be worth it; message() says which
  };

  // Longest text that is parsed (blanks not counted), longest text with its blanks, deepest tree, largest unpacked tree.
  static constexpr size_t kMaxBytes = 1024 * 1024;
  static constexpr size_t kMaxBlankBytes = 16 * 1024 * 1024;
  static constexpr size_t kMaxDepth = 10'000;
  static constexpr size_t kMaxTreeBytes = 80 * 1024 * 1024;

  // Never throws but for lack of memory. NUL bytes count as blanks.
  explicit ParseTree(std::string_view text);

  Outcome outcome() const { return outcome_; }
  bool ok() const { return outcome_ == Outcome::kParsed; }
  const std::string& message() const { return message_; }
  const PgQuery__ParseResult* root() const { return root_; }  // nullptr unless ok()
  PgQuery__ParseResult* root() { return root_; }
  std::span<PgQuery__RawStmt* const> statements() const;
  TreeArena& arena() { return *arena_; }  // for nodes a rewrite adds

 private:
  void parse(const std::string& text);
  void unpack(const PgQueryProtobuf& packed);

  std::unique_ptr<TreeArena> arena_;
  PgQuery__ParseResult* root_ = nullptr;
  Outcome outcome_ = Outcome::kTooComplex;
  std::string message_;
};

// Parses a text and shows its tree to `visit` where the library built it: the tree is gone when this returns.
// Costs less than a ParseTree, which copies the tree (and where the library is not the static one, packs it
// into bytes and unpacks them again). Outcome and limits as above; `visit` is called at most once, maybe on
// another thread, and may throw.
struct TreeVisit {
  ParseTree::Outcome outcome = ParseTree::Outcome::kTooComplex;
  std::string message;
};
TreeVisit visit_tree(std::string_view text, const std::function<void(const PgQuery__ParseResult&)>& visit);

// The same for those who may not need the tree: `wanted` is called first, with libpg_query's fingerprint of the text, and
// false spares the rest. An empty `wanted` stands for true. A text that is rejected or too complex calls neither.
struct TreeVisitor {
  std::function<bool(uint64_t fingerprint)> wanted;
  std::function<void(const PgQuery__ParseResult&)> visit;
};
TreeVisit visit_tree(std::string_view text, const TreeVisitor& visitor);

}  // namespace pgsieve
