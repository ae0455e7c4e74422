// Bytes packed into a page: gzip (RFC 1952) and Base64 (RFC 4648).
#pragma once

#include <string>
#include <string_view>

namespace pgsieve {

std::string gzip(std::string_view bytes);  // the same bytes give the same result on every machine
std::string base64(std::string_view bytes);

}  // namespace pgsieve
