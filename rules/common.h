// What several rules need to turn a pattern into a finding. Pure functions; safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rules/rule.h"

namespace pgsieve {

// A finding about one pattern with everything filled in that does not depend on the rule: identity, query,
// count, main table, time, tags, sample. `extra` tells several findings of one rule on one pattern apart.
Finding pattern_finding(std::string_view rule, const Pattern& pattern, std::string_view extra = {});

// A relation of pg_catalog or information_schema, by schema or by its pg_ name.
bool is_catalog_relation(const Relation& relation);

// nullptr: no such relation (kNoIndex).
const Relation* relation_at(const StatementShape& shape, uint32_t index);

// The schema's table behind a relation; nullptr: no schema, unknown, or not a table.
const Table* table_behind(const Schema& schema, const Relation& relation);

// "orders" or "sales.orders", quoted where SQL needs it.
std::string quoted_relation(const Relation& relation);

// True when the block's equality conditions pin all columns of some unique key of the relation: at most one
// row per value.
bool pinned_by_unique_key(const StatementShape& shape, uint32_t block, uint32_t relation, const Table* table);

// True when every LIMIT that the statement ran with was the greatest number its program knows: see
// kEndlessLimit.
bool limit_bounds_nothing(const Pattern& pattern);

// Takes the next free rows of a queue: with SKIP LOCKED, in the statement itself or in a part of it, as in
// UPDATE jobs … WHERE id = (SELECT … FOR UPDATE SKIP LOCKED LIMIT 1).
bool takes_from_queue(const StatementShape& shape);

// Text of parameter $n in "$1 = 'a', $2 = NULL"; nullopt: NULL or not there.
std::optional<std::string> sample_parameter(std::string_view parameters, unsigned number);

// Milliseconds per execution at its best: the smallest seen, or where the prepare step (parse and bind) was
// timed too, the mean without it, if that is less. What locks, cold caches and a busy machine add is mostly
// gone from it. nullopt: no times.
std::optional<double> best_ms(const Pattern& pattern);

// What the first execution in a fresh backend adds to it: catalogue look-ups and planning with empty caches,
// about a millisecond, when few executions were seen and their planning is not told apart.
double cold_start_ms(const Pattern& pattern);

// 1234567 → "1,234,567".
std::string grouped(double number);

}  // namespace pgsieve
