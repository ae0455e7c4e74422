// Files of a planner twin. A planner asks the file system how long a table is, and the first page of a b-tree
// how high it stands; it reads nothing else. So a file that is one big hole plans like a full one.
//
// For clusters that are stopped: nothing here is known to a running server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "analyzer/base/error.h"

namespace pgsieve {

inline constexpr int64_t kTwinBlockBytes = 8192;

struct TwinFile {
  std::string path;          // of the relation's first segment
  int64_t blocks = 0;        // the length it is to have
  std::optional<int> level;  // a b-tree: the height its root is to have
};

// Who is to own new segments; nothing: whoever runs this.
struct TwinOwner {
  uint32_t user = 0, group = 0;
};

// Makes the file as long as told, in segments of 1 GiB as every packaged PostgreSQL has them, without using
// disk space. Never shortens a file. A zero page is a legal unused page of a table; of a b-tree only pages
// reached from the first one count. Error: the file is missing or not writable, or no b-tree where one should
// be.
Status grow_twin_file(const TwinFile& file, const std::optional<TwinOwner>& owner);

// The height of a b-tree's root, guessed from its length and the width of its keys, for servers that don't
// tell.
int guess_btree_level(double pages, double key_bytes);

}  // namespace pgsieve
