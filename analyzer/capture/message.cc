#include "analyzer/capture/message.h"

namespace pgsieve {
namespace {

void skip_blanks(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

bool take(std::string_view& text, std::string_view head) {
  if (!text.starts_with(head)) return false;
  text.remove_prefix(head.size());
  return true;
}

// "statement: TEXT": one blank belongs to the message, more would be the statement's own.
std::string_view after_colon(std::string_view rest) {
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  return rest;
}

// What follows the duration, or stands alone with log_statement.
bool classify_action(std::string_view rest, Message& message) {
  if (take(rest, "execute ")) {
    message.kind = take(rest, "fetch from ") ? MessageKind::kFetch : MessageKind::kExecute;
    split_name(rest, message);
    return true;
  }
  if (take(rest, "statement:")) {
    message.kind = MessageKind::kStatement;
    message.text = after_colon(rest);
    return true;
  }
  if (rest.starts_with("fastpath function call:")) {
    message.kind = MessageKind::kFastpath;
    return true;
  }
  return false;
}

Message classify_duration(std::string_view rest, std::string_view whole) {
  Message message;
  skip_blanks(rest);
  size_t used = 0;
  const Microseconds duration = parse_milliseconds(rest, used);
  if (used == 0) return classify_translated(whole);  // some languages keep the word
  rest.remove_prefix(used);
  skip_blanks(rest);
  if (!take(rest, "ms")) return classify_translated(whole);
  message.duration = duration;
  skip_blanks(rest);
  if (rest.empty()) {
    message.kind = MessageKind::kDuration;
  } else if (take(rest, "bind ")) {
    message.kind = MessageKind::kBind;
    split_name(rest, message);
  } else if (take(rest, "parse ")) {
    message.kind = MessageKind::kParse;
    split_name(rest, message);
  } else if (take(rest, "plan:")) {
    message.kind = MessageKind::kPlan;
    if (rest.starts_with('\n')) rest.remove_prefix(1);
    message.text = rest;
  } else if (!classify_action(rest, message)) {
    return classify_translated(whole);
  }
  return message;
}

}  // namespace

void split_name(std::string_view rest, Message& message) {
  // The name ends at the first colon that a blank (or the text's first line end) follows: names may hold
  // colons.
  size_t colon = rest.find(':');
  while (colon != std::string_view::npos && colon + 1 < rest.size() && rest[colon + 1] != ' ' &&
         rest[colon + 1] != '\n') {
    colon = rest.find(':', colon + 1);
  }
  if (colon == std::string_view::npos) {
    message.text = {};
    message.name = rest;
    return;
  }
  message.name = rest.substr(0, colon);
  while (message.name.ends_with(' ')) message.name.remove_suffix(1);
  if (message.name == "<unnamed>") message.name = {};
  message.text = after_colon(rest.substr(colon + 1));
}

Message classify_message(std::string_view message) {
  std::string_view rest = message;
  if (take(rest, "duration:")) return classify_duration(rest, message);
  Message result;
  if (classify_action(message, result)) return result;
  if (message.starts_with("disconnection: session time:")) {
    result.kind = MessageKind::kDisconnection;
    return result;
  }
  if (message.starts_with("connection ")) {
    result.kind = MessageKind::kConnection;
    return result;
  }
  return classify_translated(message);
}

Detail classify_detail(std::string_view detail) {
  std::string_view rest = detail;
  if (take(rest, "parameters:") || take(rest, "Parameters:")) {
    skip_blanks(rest);
    return {DetailKind::kParameters, rest};
  }
  if (take(rest, "prepare:") || take(rest, "Prepare:")) {
    skip_blanks(rest);
    return {DetailKind::kPrepare, rest};
  }
  return classify_translated_detail(detail);
}

std::string_view context_parameters(std::string_view context) {
  // CONTEXT may hold several lines; the portal's own stands last, and starts a line.
  if (!context.starts_with("unnamed portal with parameters: ") && !context.starts_with("portal \"") &&
      context.find("\nunnamed portal with parameters: ") == std::string_view::npos &&
      context.find("\nportal \"") == std::string_view::npos) {
    return translated_context_parameters(context);
  }
  constexpr std::string_view kMark = "portal with parameters: ";
  constexpr std::string_view kNamedMark = "\" with parameters: ";
  if (const size_t at = context.find(kMark); at != std::string_view::npos)
    return context.substr(at + kMark.size());
  if (const size_t at = context.find(kNamedMark); at != std::string_view::npos) {
    return context.substr(at + kNamedMark.size());
  }
  return translated_context_parameters(context);  // some languages keep the word
}

size_t verbose_state_length(std::string_view message) {
  if (message.size() < 6 || message[5] != ':') return 0;
  bool digit = false;
  for (size_t i = 0; i < 5; ++i) {
    const char c = message[i];
    if (c >= '0' && c <= '9') {
      digit = true;
    } else if (c < 'A' || c > 'Z') {
      return 0;
    }
  }
  // Every SQLSTATE has a digit in it; a word such as "ERROR:" has none.
  if (!digit) return 0;
  return message.size() > 6 && message[6] == ' ' ? 7 : (message.size() == 6 ? 6 : 0);
}

}  // namespace pgsieve
