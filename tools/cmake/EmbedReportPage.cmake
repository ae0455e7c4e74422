# Writes OUTPUT, a C++ file that defines the style sheet and the script of the HTML report, with the SHA-256 digests that its
# Content-Security-Policy names.
set(alphabet "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")

# The 64 hex digits of a SHA-256 digest in Base64 (RFC 4648): 32 bytes, so the last group has two.
function(base64_of_digest digest result)
  set(text "")
  foreach(group RANGE 10)
    math(EXPR from "${group} * 6")
    string(SUBSTRING "${digest}00" ${from} 6 six)
    math(EXPR number "0x${six}")
    foreach(shift IN ITEMS 18 12 6 0)
      math(EXPR index "(${number} >> ${shift}) & 63")
      string(SUBSTRING "${alphabet}" ${index} 1 letter)
      string(APPEND text "${letter}")
    endforeach()
  endforeach()
  string(REGEX REPLACE ".$" "=" text "${text}")
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

set(body "")
foreach(part IN ITEMS css js)
  file(READ "${FOLDER}/page.${part}" text HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1\"\"" text "${text}")
  file(SHA256 "${FOLDER}/page.${part}" digest)
  base64_of_digest("${digest}" digest)
  string(APPEND body "const PagePart kPage_${part}{std::string_view(\"${text}\"), \"sha256-${digest}\"};\n")
endforeach()
string(REPLACE "kPage_css" "kPageStyle" body "${body}")
string(REPLACE "kPage_js" "kPageScript" body "${body}")
file(WRITE "${OUTPUT}" "#include \"analyzer/report/page/page.h\"

namespace pgsieve {
${body}}  // namespace pgsieve
")
