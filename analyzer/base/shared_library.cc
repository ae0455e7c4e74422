#include "analyzer/base/shared_library.h"

#include <dlfcn.h>

namespace pgsieve {

SharedLibrary::SharedLibrary(const char* file) : file_(file), handle_(dlopen(file, RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ != nullptr) return;
  const char* why = dlerror();
  problem_ = why == nullptr ? "not found" : why;
}

Status SharedLibrary::missing() const {
  if (handle_ != nullptr) return {};
  Error error;
  error.kind = Error::Kind::kSystem;
  error.message = "can't load " + file_ + ": " + problem_;
  error.hint = "Install the package that has " + file_;
  return error;
}

void* SharedLibrary::address_of(const char* name) const {
  return handle_ == nullptr ? nullptr : dlsym(handle_, name);
}

}  // namespace pgsieve
