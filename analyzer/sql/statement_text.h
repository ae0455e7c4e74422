// Questions about a statement's text that its parse tree does not answer: where the statement inside it
// begins, what it may be when it can't be parsed, how it reads without its bulk.
#pragma once

#include <string>
#include <string_view>

#include "analyzer/sql/shape.h"

namespace pgsieve::internal {

// The statement inside DECLARE … CURSOR FOR, PREPARE … AS, EXPLAIN …, COPY ( … ): trimmed, without a closing
// semicolon.
std::string_view inner_statement(std::string_view text);

// The kind by the leading keywords alone; kUnparsed when they tell nothing, kEmpty when there are none.
StatementKind guess_kind(std::string_view text);

// The text with the third and later elements of IN lists of constants, and the third and later rows of VALUES
// lists without sub-queries, overwritten by blanks: every byte that stays keeps its offset, and the tree
// becomes small.
std::string without_bulk(std::string_view text);

// Makes the texts of tracing clients, `a IN (?, ...)`, parseable: every bare `?` becomes 0 and every `...` a
// list element, in place and of the same length, so that offsets stay true; the scan still knows which slots
// are parameters. Only for a text that the grammar has refused, since `?` may be an operator. False: there
// was nothing to replace.
bool replace_placeholders(std::string& text);

}  // namespace pgsieve::internal
