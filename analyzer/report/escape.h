// Escapes, one per target. The text of a log is written by strangers: nothing of it may act on a terminal, a
// page or a CI runner. All of them return valid UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace pgsieve {

// For a terminal: control characters (C0 other than line feed and tab, DEL, C1), and the Unicode characters
// that reorder or hide text (bidirectional controls, zero-width, line separators), are shown as \x1b or
// \u202e.
std::string escape_terminal(std::string_view text);

// For element content and double-quoted attributes of XML 1.0; characters that XML can't hold become U+FFFD.
std::string escape_xml(std::string_view text);

// For inline Markdown as GitHub and GitLab render it: mark-up characters are escaped, line breaks become
// blanks, and '@' and
// '#' can't mention or link anything.
std::string escape_markdown(std::string_view text);

// A Markdown code span or fence that the text can't end.
std::string markdown_code(std::string_view text);
std::string markdown_fence(std::string_view text, std::string_view language);

// For GitHub workflow commands (::error …::message): the message, and a property value.
std::string escape_workflow_data(std::string_view text);
std::string escape_workflow_property(std::string_view text);

// For a log that a CI runner reads: a line of ours that the runner would take for a command (::error::…,
// ##[group], ##vso[…], ##teamcity[…]) gets a backslash in it. Our own annotations don't go through here.
std::string escape_ci_log(std::string_view text);

// For element content of HTML and double-quoted attributes: as for XML, and what hides or reorders text is
// shown as in escape_terminal.
std::string escape_html(std::string_view text);

// For the plain text of a CI system's page (descriptions, messages): as for a terminal, cut between
// characters to at most max_bytes, with "…" when something was cut.
std::string plain_text(std::string_view text, size_t max_bytes);

// One CSV field (RFC 4180), guarded against spreadsheets that would run it as a formula.
std::string csv_field(std::string_view text);

}  // namespace pgsieve
