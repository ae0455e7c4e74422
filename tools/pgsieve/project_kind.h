// What kind of project a folder holds: how its tests are run in CI.
#pragma once

#include <string>

namespace pgsieve {

struct ProjectKind {
  std::string name;          // "Python with pytest"
  std::string test_command;  // "pytest"
  std::string github_setup;  // steps of a GitHub workflow, each line indented by six blanks; may be empty
  std::string gitlab_image;  // "python:3"
  std::string gitlab_setup;  // "pip install -r requirements.txt"; may be empty
};

// By the files at the top of the folder; a placeholder where none tells.
ProjectKind project_kind(const std::string& folder);

}  // namespace pgsieve
