// What drawing link profiles needs to know of names, beside what link.h tells everybody.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/workload/link.h"

namespace pgsieve {

// Of a table, without what says what it is technically (tbl_customers), the last one singular.
WordHashes table_words(std::string_view name);
// The words of a column that name something: without key words, the last one singular.
std::vector<std::string> telling_words(std::vector<std::string> words);
bool is_key_word(std::string_view word);  // id, uuid, code, …
// "key", "code", "number": the key of something, and be it of a setting.
bool any_code(const std::vector<std::string>& words);
// As another table would name a reference to that column: the table's name in the singular, and the column's.
uint64_t qualified_hash(std::string_view table, std::string_view column);

}  // namespace pgsieve
