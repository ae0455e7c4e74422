// Tags: what applications say about themselves in SQL comments.
//
// These forms, told apart by content (sources: the sqlcommenter specification,
// https://google.github.io/sqlcommenter/spec/; Rails' ActiveRecord::QueryLogs and its forerunner marginalia):
//   sqlcommenter   /*controller='posts',route='%2Fposts',traceparent='00-<trace>-<span>-01'*/   keys and
//   values URL-encoded legacy Rails   /*application:Shop,controller:posts,action:index*/ plain
//   /*controller=posts,action=index*/
//   sqlc           -- name: ListPosts :many
//   a function     /* PostStore::list_posts */, first in the comment, at most one more word after it
//   EF Core's call site   -- File: Blog/Posts.cs:21
// The last three give code.function and file.
// and our own directive, which is kept as the tag "pgsieve" with the value "ignore RULE -- reason":
//   /* pgsieve:ignore n-plus-one -- bounded by the page size */
//
// The comment may stand at either end of the statement.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/sql/scan.h"

namespace pgsieve {

struct Tags {
  std::vector<std::pair<std::string, std::string>> values;  // in order of appearance, decoded; at most 16
  std::string trace_id;  // the 32 hex digits of traceparent, or trace_id / request_id
  void clear();
  bool empty() const { return values.empty() && trace_id.empty(); }
  std::string_view find(std::string_view key) const;  // "" when absent

  // Hash of the tags that name a unit of work (controller, action, job, route, test, …), 0: none of them is
  // set.
  uint64_t unit() const;
  // The same tags for people: "controller=posts action=index", at most kMaxSourceBytes.
  static constexpr size_t kMaxSourceBytes = 480;
  std::string source() const;
};

// Reads the tags of both comments of a statement. Comments that are not tags leave `tags` empty.
void parse_tags(const StatementScan& scan, Tags& tags);
void parse_tag_comment(std::string_view comment, Tags& tags);

// The pairs of Tags::source(): a value goes on until the next known key. A part that is no pair has the key
// "".
std::vector<std::pair<std::string, std::string>> parse_source(std::string_view source);

// `%2F` → `/`, `\x` → `x`.
std::string url_decode(std::string_view text);

// True for a key whose values are few enough to be counted per pattern (not traces, spans, request ids).
bool countable_tag(std::string_view key);

}  // namespace pgsieve
