#include "analyzer/sql/parse_tree.h"

#include <pthread.h>

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

#include "analyzer/sql/depth_guard.h"
#include "analyzer/sql/tree_copy.h"

namespace pgsieve {
namespace {

// Up to this depth a tree is parsed on the caller's stack; it then needs less than a megabyte of it.
constexpr size_t kInlineDepth = 300;
constexpr size_t kLargeStack = 256UL * 1024 * 1024;

size_t bytes_not_blank(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return c != ' '; }));
}

// Why a text is not given to the parser at all; empty: it is. Its depth comes back in `depth`.
std::string refusal(std::string_view text, size_t& depth) {
  if (text.size() > ParseTree::kMaxBytes &&
      (text.size() > ParseTree::kMaxBlankBytes || bytes_not_blank(text) > ParseTree::kMaxBytes))
    return "longer than " + std::to_string(ParseTree::kMaxBytes) + " bytes";
  if (lexes_slowly(text)) return "too many comments within comments";
  // No text can nest deeper than it has bytes.
  depth = text.size() <= kInlineDepth ? text.size() : estimate_tree_depth(text);
  if (depth > ParseTree::kMaxDepth)
    return "nested more than " + std::to_string(ParseTree::kMaxDepth) + " levels deep";
  return {};
}

std::string terminated_copy(std::string_view text) {
  std::string terminated(text);
  for (size_t at = terminated.find('\0'); at != std::string::npos; at = terminated.find('\0', at + 1))
    terminated[at] = ' ';
  return terminated;
}

// Runs a job on the caller's stack, or on a large one of its own when the tree is deep. False: no memory for
// it.
bool run_on_stack(size_t depth, const std::function<void()>& job) {
  if (depth <= kInlineDepth) {
    job();
    return true;
  }
  pthread_attr_t attributes;
  pthread_t thread;
  if (pthread_attr_init(&attributes) != 0) return false;
  const auto run = [](void* argument) -> void* {
    (*static_cast<const std::function<void()>*>(argument))();
    return nullptr;
  };
  void* argument = const_cast<std::function<void()>*>(&job);
  const bool started = pthread_attr_setstacksize(&attributes, kLargeStack) == 0 &&
                       pthread_create(&thread, &attributes, run, argument) == 0;
  if (started) pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  return started;
}
constexpr const char* kNoStack = "no memory for the parser's stack";

// The visit that waits for the tree the library is building on this thread. The library has no other way to
// hand out the tree than packed; the linker sends its calls of the copier (from PostgreSQL's own nodes to
// protobuf's) and of the packer here: see tools/cmake/PgsieveTargets.cmake.
struct PendingVisit {
  const std::function<void(const PgQuery__ParseResult&)>* visit = nullptr;
  const std::function<bool(uint64_t)>* wanted = nullptr;  // asked with the fingerprint; null: it is
  bool asked = false;
  bool done = false;
  std::exception_ptr thrown;  // must not pass through the library's frames
};
thread_local PendingVisit* pending_visit = nullptr;

// One parse, with a visit where the tree is built. The visit took place when `pending` is done; else the
// library was linked in a way that its calls can't be caught, and `result` has the tree, packed.
struct VisitedParse {
  VisitedParse(const std::string& text, PendingVisit& pending)
      : result((pending_visit = &pending, pg_query_parse_protobuf(text.c_str()))) {
    pending_visit = nullptr;
  }
  VisitedParse(const VisitedParse&) = delete;
  VisitedParse& operator=(const VisitedParse&) = delete;
  ~VisitedParse() { pg_query_free_protobuf_parse_result(result); }
  std::string message() const {
    return result.error->message != nullptr ? result.error->message : "syntax error";
  }
  PgQueryProtobufParseResult result;
};

}  // namespace
}  // namespace pgsieve

#if defined(PGSIEVE_CATCH_TREE)
extern "C" {
uint64_t pg_query_fingerprint_node(const void* node);  // in no public header
PgQueryProtobuf __real_pg_query_nodes_to_protobuf(const void* nodes);
PgQueryProtobuf __wrap_pg_query_nodes_to_protobuf(const void* nodes);
size_t __real_pg_query__parse_result__get_packed_size(const PgQuery__ParseResult* tree);
size_t __real_pg_query__parse_result__pack(const PgQuery__ParseResult* tree, uint8_t* out);
size_t __wrap_pg_query__parse_result__get_packed_size(const PgQuery__ParseResult* tree);
size_t __wrap_pg_query__parse_result__pack(const PgQuery__ParseResult* tree, uint8_t* out);

PgQueryProtobuf __wrap_pg_query_nodes_to_protobuf(const void* nodes) {
  pgsieve::PendingVisit* pending = pgsieve::pending_visit;
  if (pending == nullptr || pending->wanted == nullptr || std::exchange(pending->asked, true))
    return __real_pg_query_nodes_to_protobuf(nodes);
  bool wanted = false;
  try {
    wanted = (*pending->wanted)(pg_query_fingerprint_node(nodes));
  } catch (...) {
    pending->thrown = std::current_exception();
  }
  if (wanted) return __real_pg_query_nodes_to_protobuf(nodes);
  pending->done = true;
  return {0, nullptr};
}

size_t __wrap_pg_query__parse_result__get_packed_size(const PgQuery__ParseResult* tree) {
  pgsieve::PendingVisit* pending = pgsieve::pending_visit;
  if (pending == nullptr) return __real_pg_query__parse_result__get_packed_size(tree);
  if (!std::exchange(pending->done, true)) {
    pgsieve::pending_visit = nullptr;
    try {
      (*pending->visit)(*tree);
    } catch (...) {
      pending->thrown = std::current_exception();
    }
    pgsieve::pending_visit = pending;
  }
  return 0;
}

size_t __wrap_pg_query__parse_result__pack(const PgQuery__ParseResult* tree, uint8_t* out) {
  return pgsieve::pending_visit == nullptr ? __real_pg_query__parse_result__pack(tree, out) : 0;
}
}
#endif

namespace pgsieve {
namespace {

// One parse of a text that is not too deep for this stack.
TreeVisit visit_here(const std::string& text, const TreeVisitor& visitor) {
  const std::function<void(const PgQuery__ParseResult&)>& visit = visitor.visit;
  PendingVisit pending;
  pending.visit = &visit;
  if (visitor.wanted) pending.wanted = &visitor.wanted;
  const VisitedParse parsed(text, pending);
  if (pending.thrown) std::rethrow_exception(pending.thrown);
  if (parsed.result.error != nullptr) return {ParseTree::Outcome::kRejected, parsed.message()};
  if (pending.done) return {ParseTree::Outcome::kParsed, {}};
  if (visitor.wanted) {
    const PgQueryFingerprintResult fingerprint = pg_query_fingerprint(text.c_str());
    const bool wanted = fingerprint.error == nullptr && visitor.wanted(fingerprint.fingerprint);
    pg_query_free_fingerprint_result(fingerprint);
    if (!wanted) return {ParseTree::Outcome::kParsed, {}};
  }
  const ParseTree tree(text);
  if (tree.ok()) visit(*tree.root());
  return {tree.outcome(), tree.message()};
}

}  // namespace

void* TreeArena::allocate(size_t bytes) {
  constexpr size_t kAlign = alignof(std::max_align_t);
  constexpr size_t kFirstBlock = 16 * 1024;
  constexpr size_t kLargestBlock = 1024 * 1024;
  bytes = (bytes + kAlign - 1) / kAlign * kAlign;
  if (bytes > left_) {
    const size_t block = std::max(bytes, std::clamp(total_, kFirstBlock, kLargestBlock));
    if (block > limit_ - std::min(limit_, total_)) return nullptr;
    blocks_.emplace_back(new (std::nothrow) std::byte[block]);
    if (!blocks_.back()) return nullptr;
    next_ = blocks_.back().get();
    left_ = block;
    total_ += block;
  }
  void* memory = next_;
  next_ += bytes;
  left_ -= bytes;
  return memory;
}

ParseTree::ParseTree(std::string_view text) : arena_(std::make_unique<TreeArena>(kMaxTreeBytes)) {
  size_t depth = 0;
  message_ = refusal(text, depth);
  if (!message_.empty()) return;
  const std::string terminated = terminated_copy(text);
  if (!run_on_stack(depth, [&] { parse(terminated); })) message_ = kNoStack;
}

TreeVisit visit_tree(std::string_view text, const std::function<void(const PgQuery__ParseResult&)>& visit) {
  return visit_tree(text, TreeVisitor{.wanted = {}, .visit = visit});
}

TreeVisit visit_tree(std::string_view text, const TreeVisitor& visitor) {
  TreeVisit result;
  size_t depth = 0;
  result.message = refusal(text, depth);
  if (!result.message.empty()) return result;
  const std::string terminated = terminated_copy(text);
  std::exception_ptr thrown;
  const bool ran = run_on_stack(depth, [&] {
    try {
      result = visit_here(terminated, visitor);
    } catch (...) {
      thrown = std::current_exception();
    }
  });
  if (thrown) std::rethrow_exception(thrown);
  if (!ran) result.message = kNoStack;
  return result;
}

std::span<PgQuery__RawStmt* const> ParseTree::statements() const {
  if (root_ == nullptr) return {};
  return {root_->stmts, root_->n_stmts};
}

void ParseTree::parse(const std::string& text) {
  PendingVisit pending;
  const std::function<void(const PgQuery__ParseResult&)> keep = [this](const PgQuery__ParseResult& tree) {
    root_ = copy_tree(tree, *arena_);
  };
  pending.visit = &keep;
  const VisitedParse parsed(text, pending);
  if (pending.thrown) std::rethrow_exception(pending.thrown);
  if (parsed.result.error != nullptr) {
    outcome_ = Outcome::kRejected;
    message_ = parsed.message();
    return;
  }
  if (!pending.done) unpack(parsed.result.parse_tree);
  outcome_ = root_ != nullptr ? Outcome::kParsed : Outcome::kTooComplex;
  if (root_ == nullptr) message_ = "parse tree larger than " + std::to_string(kMaxTreeBytes) + " bytes";
}

void ParseTree::unpack(const PgQueryProtobuf& packed) {
  ProtobufCAllocator allocator;
  allocator.alloc = [](void* arena, size_t bytes) { return static_cast<TreeArena*>(arena)->allocate(bytes); };
  allocator.free = [](void*, void*) {};
  allocator.allocator_data = arena_.get();
  root_ =
      pg_query__parse_result__unpack(&allocator, packed.len, reinterpret_cast<const uint8_t*>(packed.data));
}

}  // namespace pgsieve
