#include "analyzer/advisor/decisions.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace pgsieve {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPreface =
    "# Decisions on suggested indexes. pgsieve reads and writes this file: check it in.\n"
    "# One table per index, sorted; `pgsieve index accept`, `reject` and `verify` change it.\n";

Error at(const toml::node& node, std::string message, const std::string& file) {
  return Error{.kind = Error::Kind::kUsage,
               .message = std::move(message),
               .hint = {},
               .file = file,
               .line = node.source().begin.line};
}

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04X}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string day_text(const toml::date& day) {
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year), static_cast<int>(day.month),
                     static_cast<int>(day.day));
}

// One member of a decision into its place. "" when it is fine, else what is wrong.
std::string read_member(std::string_view name, const toml::node& value, Decision& decision) {
  const std::optional<std::string> text = value.value<std::string>();
  const std::map<std::string_view, std::string*> texts{
      {"ddl", &decision.ddl},       {"name", &decision.name}, {"extension", &decision.extension},
      {"reason", &decision.reason}, {"by", &decision.by},     {"result", &decision.result}};
  if (const auto found = texts.find(name); found != texts.end()) {
    if (!text) return fmt::format("{} is a text", name);
    *found->second = *text;
    return {};
  }
  const std::map<std::string_view, Day*> days{
      {"on", &decision.on}, {"until", &decision.until}, {"verified", &decision.verified}};
  if (const auto found = days.find(name); found != days.end()) {
    const std::optional<toml::date> day = value.value<toml::date>();
    if (!day && !(text && is_day(*text))) return fmt::format("{} is a day, such as 2026-11-22", name);
    *found->second = day ? day_text(*day) : *text;
    return {};
  }
  if (name == "decision") {
    if (text != "accepted" && text != "rejected") return "decision is \"accepted\" or \"rejected\"";
    decision.verdict = text == "accepted" ? Decision::Verdict::kAccepted : Decision::Verdict::kRejected;
    return {};
  }
  if (name == "drop") {
    const std::optional<bool> flag = value.value<bool>();
    if (!flag) return "drop is true or false";
    decision.drop = *flag;
    return {};
  }
  if (name == "outcome") {
    for (const auto outcome :
         {Decision::Outcome::kKept, Decision::Outcome::kFailed, Decision::Outcome::kUnclear})
      if (text == outcome_name(outcome)) {
        decision.outcome = outcome;
        return {};
      }
    return "outcome is \"kept\", \"failed\" or \"unclear\"";
  }
  if (name == "statements") {
    const toml::array* list = value.as_array();
    if (list == nullptr) return "statements is a list of fingerprints";
    for (const toml::node& item : *list)
      if (const auto fingerprint = item.value<std::string>()) decision.statements.push_back(*fingerprint);
    return {};
  }
  return fmt::format("there is no member '{}'", name);
}

void write_text(std::string& out, std::string_view name, const std::string& value) {
  if (!value.empty()) out += fmt::format("{} = {}\n", name, toml_string(value));
}

void write_day(std::string& out, std::string_view name, const Day& value) {
  if (!value.empty()) out += fmt::format("{} = {}\n", name, value);
}

std::string text_of(const Decision& decision) {
  std::string out = fmt::format("decision = \"{}\"\n",
                                decision.verdict == Decision::Verdict::kAccepted ? "accepted" : "rejected");
  if (decision.drop) out += "drop = true\n";
  write_text(out, "ddl", decision.ddl);
  write_text(out, "name", decision.name);
  write_text(out, "extension", decision.extension);
  write_text(out, "reason", decision.reason);
  write_text(out, "by", decision.by);
  write_day(out, "on", decision.on);
  write_day(out, "until", decision.until);
  if (!decision.statements.empty()) {
    out += "statements = [\n";
    for (const std::string& fingerprint : decision.statements)
      out += fmt::format("  {},\n", toml_string(fingerprint));
    out += "]\n";
  }
  write_text(out, "outcome", std::string(outcome_name(decision.outcome)));
  write_day(out, "verified", decision.verified);
  write_text(out, "result", decision.result);
  return out;
}

}  // namespace

bool is_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (const size_t i : {0U, 1U, 2U, 3U, 5U, 6U, 8U, 9U})
    if (std::isdigit(static_cast<unsigned char>(text[i])) == 0) return false;
  const int month = (text[5] - '0') * 10 + text[6] - '0';
  const int day = (text[8] - '0') * 10 + text[9] - '0';
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

std::string_view outcome_name(Decision::Outcome outcome) {
  switch (outcome) {
    case Decision::Outcome::kKept:
      return "kept";
    case Decision::Outcome::kFailed:
      return "failed";
    case Decision::Outcome::kUnclear:
      return "unclear";
    case Decision::Outcome::kNone:
      break;
  }
  return "";
}

bool Decision::holds(const Day& today) const {
  return verdict == Verdict::kAccepted || until.empty() || today <= until;
}

std::string decision_key(const IndexDefinition& definition, bool drop) {
  return (drop ? "drop " : "") + definition_key(definition);
}

Result<Decisions> Decisions::parse(std::string_view text, const std::string& file_name) {
  Decisions decisions;
  toml::table root;
  try {
    root = toml::parse(text, file_name);
  } catch (const toml::parse_error& error) {
    return Error{
        .kind = Error::Kind::kUsage,
        .message = fmt::format("not valid TOML: {}", error.description()),
        .hint = text.find("<<<<<<<") != std::string_view::npos ? "Resolve the merge conflict in it" : "",
        .file = file_name,
        .line = error.source().begin.line};
  }
  for (const auto& [key, value] : root) {
    const toml::table* members = value.as_table();
    if (members == nullptr)
      return at(
          value,
          fmt::format("'{}' is no table: each index has one, [\"schema.table btree (column)\"]", key.str()),
          file_name);
    Decision decision;
    bool decided = false;
    for (const auto& [name, member] : *members) {
      if (const std::string wrong = read_member(name.str(), member, decision); !wrong.empty())
        return at(member, wrong, file_name);
      decided |= name.str() == "decision";
    }
    if (!decided) return at(value, "the decision is missing (\"accepted\" or \"rejected\")", file_name);
    decisions.decisions_.emplace(key.str(), std::move(decision));
  }
  return decisions;
}

Result<Decisions> Decisions::load(const std::string& path) {
  std::error_code failed;
  if (!fs::exists(path, failed)) return Decisions();
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file || fs::is_directory(path, failed))
    return Error{.kind = Error::Kind::kUsage, .message = "can't be read", .hint = {}, .file = path};
  return parse(text.str(), path);
}

const Decision* Decisions::find(const std::string& key) const {
  const auto found = decisions_.find(key);
  return found == decisions_.end() ? nullptr : &found->second;
}

void Decisions::set(const std::string& key, Decision decision) {
  std::ranges::sort(decision.statements);
  decisions_.insert_or_assign(key, std::move(decision));
}

std::string Decisions::text() const {
  std::string out(kPreface);
  for (const auto& [key, decision] : decisions_)
    out += fmt::format("\n[{}]\n{}", toml_string(key), text_of(decision));
  return out;
}

Status Decisions::save(const std::string& path) const {
  const std::string draft = path + ".new";
  {
    std::ofstream file(draft, std::ios::binary | std::ios::trunc);
    file << text();
    if (!file.flush())
      return Error{.kind = Error::Kind::kUsage,
                   .message = fmt::format("can't be written: {}", std::strerror(errno)),
                   .hint = {},
                   .file = path};
  }
  if (std::rename(draft.c_str(), path.c_str()) == 0) return {};
  const int reason = errno;
  std::remove(draft.c_str());
  return Error{.kind = Error::Kind::kUsage,
               .message = fmt::format("can't be replaced: {}", std::strerror(reason)),
               .hint = {},
               .file = path};
}

}  // namespace pgsieve
