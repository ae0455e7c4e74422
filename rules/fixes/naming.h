// Names as applications spell them: models, relations and fields, from the names of tables and columns.
// Guesses by convention; whoever prints one says so.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analyzer/workload/orm.h"

namespace pgsieve {

using NameWords = std::vector<std::string>;  // lower case: {order, items}

std::string snake_case(const NameWords& words);   // order_items
std::string camel_case(const NameWords& words);   // orderItems
std::string pascal_case(const NameWords& words);  // OrderItems

NameWords singular_words(std::string_view table);  // order_items → {order, item}
NameWords plural_words(std::string_view table);    // order_item → {order, items}
// author_id → {author}; empty for a mere "id".
NameWords reference_words(std::string_view column);

// As the ORM's users write a relation or a field of a model: posts, orderItems, OrderItems.
std::string member_name(Orm orm, const NameWords& words);
// The model (entity, schema) of a table: OrderItem; orderItem for Prisma's client, orderItems for Drizzle's
// queries.
std::string model_name(Orm orm, std::string_view table);
// A field of a model for a column: user_id, userId, UserId.
std::string field_name(Orm orm, std::string_view column);

}  // namespace pgsieve
