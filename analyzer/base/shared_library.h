// SharedLibrary: a library that is loaded when it is first needed. For what most runs never use and what
// brings many others along: a server's client library, TLS, packet capture, archives. Linked, they would take
// seven of a small run's twenty megabytes, and a tenth of a CPU second in ten runs.
//
// A wrapper says where the library is, and which of its functions it calls. The names then mean these, in the
// wrapper's namespace, with the types of the library's own header:
//
//   const SharedLibrary& zlib() {
//     static const SharedLibrary library("libz.so.1");
//     return library;
//   }
//   PGSIEVE_LATE(zlib, inflate);
//
// and asks zlib().missing() before the first call.
#pragma once

#include <string>

#include "analyzer/base/error.h"

namespace pgsieve {

// Never unloaded: what it gave out may live as long as the program. Thread-safe.
class SharedLibrary {
 public:
  explicit SharedLibrary(const char* file);  // searched for as the dynamic linker does

  // Why it can't be used; none: it is loaded.
  Status missing() const;
  // nullptr: the library is missing, or has no such function.
  template <typename Function>
  Function find(const char* name) const {
    return reinterpret_cast<Function>(address_of(name));
  }

 private:
  void* address_of(const char* name) const;

  std::string file_;
  void* handle_ = nullptr;
  std::string problem_;
};

// A function of such a library. `find` gives its address. Arguments are converted where it is called, as
// those of a linked one are.
template <typename Function, typename Find>
class LateFunction;
template <typename Value, typename... Arguments, typename Find>
class LateFunction<Value (*)(Arguments...), Find> {
 public:
  constexpr explicit LateFunction(Find find) : find_(find) {}
  Value operator()(Arguments... arguments) const { return find_()(arguments...); }

 private:
  Find find_;
};
template <typename Value, typename... Arguments, typename Find>
class LateFunction<Value (*)(Arguments..., ...), Find> {
 public:
  constexpr explicit LateFunction(Find find) : find_(find) {}
  template <typename... More>
  Value operator()(Arguments... arguments, More... more) const {
    return find_()(arguments..., more...);
  }

 private:
  Find find_;
};
template <typename Function, typename Find>
constexpr LateFunction<Function, Find> late_function(Find find) {
  return LateFunction<Function, Find>(find);
}

#define PGSIEVE_LATE(library, name)                                                \
  constexpr auto name = late_function<decltype(&::name)>([] {                      \
    static const auto found = (library)().template find<decltype(&::name)>(#name); \
    return found;                                                                  \
  })

}  // namespace pgsieve
