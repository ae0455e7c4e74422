// Reader of a filled-in prefix: the internals of prefix_shape.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "analyzer/capture/prefix_shape.h"

namespace pgsieve::internal {

// Takes the filled-in prefix apart, field by field; the result is a candidate. What `text` refers to must
// outlive it.
class PrefixReader {
 public:
  // `joiner`: a mark that no name holds, since it stands between the fields; 0: there is none.
  PrefixReader(std::string_view head, std::string_view text, const PrefixEvidence& evidence, char joiner)
      : text_(text), evidence_(evidence), joiner_(joiner), out_(head) {
    for (size_t i = 0; i + 1 < head.size(); ++i) {
      if (head[i] == '%') seen_ += head[++i];
    }
    find_keys();
    find_session_pid();
  }

  std::string read(bool quit);
  bool has_session_field() const { return session_field_; }

 private:
  // The escapes that the text names by a key ("user=").
  void find_keys();
  bool keyed(char escape) const { return keyed_.find(escape) != std::string::npos; }

  // A session id ("6a1b2c3d.4d") ends in the pid, in hexadecimal: it tells which number is the pid.
  void find_session_pid();
  bool may_be_pid(std::string_view digits) const {
    return digits.size() <= 10 && (session_pid_ == 0 || std::stoull(std::string(digits)) == session_pid_);
  }

  // Whether the escape ("%u") is there already, padded or not.
  bool seen(std::string_view escape) const { return seen_.find(escape[1]) != std::string::npos; }

  void put(std::string_view escape, size_t length);

  // %q stands before the first one's own key or bracket, where the background processes' prefix ends: behind
  // the last blank.
  void note_session_field(std::string_view escape);

  static bool opens(char c) { return c == '[' || c == '(' || c == '<'; }
  bool joins(char c) const { return joiner_ != 0 && c == joiner_; }

  // Two blanks and more beside a field, and one behind an opening bracket, are its padding: "[    77]" is
  // "[%8p]", "jo        |" is "%-10u|".
  void put_padded(std::string_view escape, size_t length);

  void put_literal(size_t length);

  void step();

  bool step_session_id(std::string_view rest);

  bool step_digits(std::string_view rest);

  // "key=value", and of a key we know that is more than a letter, "key:value" and "key value". Where a key
  // was followed by a colon, other words before colons are keys, too.
  bool step_key(std::string_view rest);

  size_t closing(std::string_view rest, size_t value) const;
  size_t known_name_length(std::string_view text, std::string_view escape) const;

  // "key":"value" and "key":value, as in JSON.
  bool step_quoted_key(std::string_view rest);

  // Where what stands between two marks ends, the first of which was put last; 0: there are none.
  size_t enclosed_length(std::string_view rest) const;

  // The value of a key goes on to the separator before the next key, or to the end of the prefix.
  size_t end_of_value(std::string_view rest, size_t value, std::string_view escape) const;

  // Names: user@database, hosts, or words by their place.
  bool step_words(std::string_view rest);

  bool step_free_words(std::string_view rest);

  std::string_view text_;
  const PrefixEvidence& evidence_;
  char joiner_;
  size_t at_ = 0;
  std::string out_;
  std::string seen_;   // letters of the escapes in out_
  std::string keyed_;  // of those that a key names
  uint64_t session_pid_ = 0;
  bool quit_ = false;
  bool colon_keys_ = false;  // a known key was followed by a colon
  bool blank_keys_ = false;  // a key is followed by a blank and a value of its form
  bool session_field_ = false;
};

}  // namespace pgsieve::internal
