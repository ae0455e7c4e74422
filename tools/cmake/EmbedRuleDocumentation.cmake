# Writes OUTPUT, a C++ file that defines rule_documentation(): the text of every rules/<folder>/rule.md, keyed by rule name.
set(body "")
foreach(document IN LISTS DOCUMENTS)
  get_filename_component(folder "${document}" DIRECTORY)
  get_filename_component(rule "${folder}" NAME)
  string(REPLACE "_" "-" rule "${rule}")
  file(READ "${document}" text HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1\"\"" text "${text}")
  string(APPEND body "    {\"${rule}\", std::string_view(\"${text}\")},\n")
endforeach()
file(WRITE "${OUTPUT}" "#include \"rules/documentation.h\"

namespace pgsieve {
std::span<const RuleDocument> rule_documentation() {
  static constexpr RuleDocument kDocuments[] = {
${body}    {\"\", \"\"},
  };
  return std::span(kDocuments).first(std::size(kDocuments) - 1);
}
}  // namespace pgsieve
")
