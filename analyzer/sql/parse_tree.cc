#include "analyzer/sql/parse_tree.h"

#include <pthread.h>

#include <algorithm>
#include <new>

#include "analyzer/sql/depth_guard.h"

namespace pgsieve {
namespace {

// Up to this depth a tree is parsed on the caller's stack; it then needs less than a megabyte of it.
constexpr size_t kInlineDepth = 300;
constexpr size_t kLargeStack = 256UL * 1024 * 1024;

struct ParsedProtobuf {
  explicit ParsedProtobuf(const char* text) : result(pg_query_parse_protobuf(text)) {}
  ParsedProtobuf(const ParsedProtobuf&) = delete;
  ParsedProtobuf& operator=(const ParsedProtobuf&) = delete;
  ~ParsedProtobuf() { pg_query_free_protobuf_parse_result(result); }
  PgQueryProtobufParseResult result;
};

size_t bytes_not_blank(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return c != ' '; }));
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
  if (text.size() > kMaxBytes && (text.size() > kMaxBlankBytes || bytes_not_blank(text) > kMaxBytes)) {
    message_ = "longer than " + std::to_string(kMaxBytes) + " bytes";
    return;
  }
  std::string terminated(text);
  std::replace(terminated.begin(), terminated.end(), '\0', ' ');
  // No text can nest deeper than it has bytes.
  const size_t depth =
      terminated.size() <= kInlineDepth ? terminated.size() : estimate_tree_depth(terminated);
  if (depth > kMaxDepth) {
    message_ = "nested more than " + std::to_string(kMaxDepth) + " levels deep";
  } else if (depth > kInlineDepth) {
    parse_on_large_stack(terminated);
  } else {
    parse(terminated);
  }
}

std::span<PgQuery__RawStmt* const> ParseTree::statements() const {
  if (root_ == nullptr) return {};
  return {root_->stmts, root_->n_stmts};
}

void ParseTree::parse(const std::string& text) {
  const ParsedProtobuf parsed(text.c_str());
  if (parsed.result.error != nullptr) {
    outcome_ = Outcome::kRejected;
    message_ = parsed.result.error->message != nullptr ? parsed.result.error->message : "syntax error";
    return;
  }
  ProtobufCAllocator allocator;
  allocator.alloc = [](void* arena, size_t bytes) { return static_cast<TreeArena*>(arena)->allocate(bytes); };
  allocator.free = [](void*, void*) {};
  allocator.allocator_data = arena_.get();
  root_ = pg_query__parse_result__unpack(&allocator, parsed.result.parse_tree.len,
                                         reinterpret_cast<const uint8_t*>(parsed.result.parse_tree.data));
  outcome_ = root_ != nullptr ? Outcome::kParsed : Outcome::kTooComplex;
  if (root_ == nullptr) message_ = "parse tree larger than " + std::to_string(kMaxTreeBytes) + " bytes";
}

void ParseTree::parse_on_large_stack(const std::string& text) {
  struct Job {
    ParseTree* tree;
    const std::string* text;
  } job{this, &text};
  pthread_attr_t attributes;
  pthread_t thread;
  if (pthread_attr_init(&attributes) != 0) return;
  const auto run = [](void* argument) -> void* {
    const Job* to_do = static_cast<Job*>(argument);
    to_do->tree->parse(*to_do->text);
    return nullptr;
  };
  message_ = "no memory for the parser's stack";
  if (pthread_attr_setstacksize(&attributes, kLargeStack) == 0 &&
      pthread_create(&thread, &attributes, run, &job) == 0) {
    message_.clear();
    pthread_join(thread, nullptr);
  }
  pthread_attr_destroy(&attributes);
}

}  // namespace pgsieve
