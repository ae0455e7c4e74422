// ScopeArchive: writes open scopes as bytes and reads them back (open_scopes.h), with one description of each
// type: `fields(archive, value)`, found by argument-dependent look-up. Of archive.h's making, but it knows
// what is shared: patterns are referred to by key, statements and runs by number (0: none), and each of those
// is written once.
//
// Reading never crashes and never takes more memory than the bytes: damage ends in failed().
#pragma once

#include <array>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "analyzer/workload/archive.h"
#include "analyzer/workload/open_scopes.h"

namespace pgsieve {

// What a statement is described from again when it is read.
struct KeptStatement {
  PatternKey key;
  std::string text;
};

template <typename Derived, typename Base>
class ScopeArchive {
 public:
  static constexpr bool kReading = Base::kReading;

  template <typename... Values>
  void operator()(Values&... values) {
    (one(values), ...);
  }
  // Damage that would lead to more than wrong facts.
  void check(bool sane) {
    if (!sane) damaged_ = true;
  }
  // Times and durations: within a thousand years, so that sums and differences can't overflow.
  template <typename... Times>
  void times(Times&... values) {
    (one(values), ...);
    (check_time(values), ...);
  }
  void check_time(Microseconds value) {
    constexpr Microseconds kLongest = Microseconds{1} << 55U;
    check(value == kUnknownTime || (value <= kLongest && value >= -kLongest));
  }

 protected:
  explicit ScopeArchive(Base base) : base_(std::move(base)) {}

  template <typename Value>
  void one(Value& value) {
    if constexpr (std::is_arithmetic_v<Value> || std::is_enum_v<Value> ||
                  std::is_same_v<Value, std::string> || std::is_same_v<Value, CompactText>) {
      base_(value);
    } else {
      fields(*static_cast<Derived*>(this), value);
    }
  }
  template <typename Value, size_t kSize>
  void one(std::array<Value, kSize>& values) {
    for (Value& value : values) one(value);
  }
  template <typename Left, typename Right>
  void one(std::pair<Left, Right>& pair) {
    (*this)(pair.first, pair.second);
  }
  void one(PatternKey& key) {
    (*this)(key.fingerprint, key.arity, key.approximate);
    check(key.arity <= Arity::kRows);
  }
  void one(KeptStatement& statement) { (*this)(statement.key, statement.text); }
  void one(Pattern*& pattern) { static_cast<Derived*>(this)->pattern(pattern); }
  void one(std::shared_ptr<StatementInfo>& info) { static_cast<Derived*>(this)->statement(info); }
  void one(std::shared_ptr<LoopRun>& run) { static_cast<Derived*>(this)->run(run); }
  template <typename List>
  void list(List& items) {
    uint64_t size = items.size();
    one(size);
    if constexpr (kReading) {
      items.clear();
      for (; size > 0 && !static_cast<Derived*>(this)->failed(); --size) one(items.emplace_back());
    } else {
      for (auto& item : items) one(item);
    }
  }
  template <typename Value>
  void one(std::vector<Value>& items) {
    list(items);
  }
  template <typename Value>
  void one(std::list<Value>& items) {
    list(items);
  }
  template <typename Key, typename Value>
  void one(std::map<Key, Value>& items) {
    uint64_t size = items.size();
    one(size);
    if constexpr (kReading) {
      for (; size > 0 && !static_cast<Derived*>(this)->failed(); --size) {
        Key key{};
        one(key);
        one(items[key]);
      }
    } else {
      for (auto& [key, value] : items) {
        Key copy = key;
        (*this)(copy, value);
      }
    }
  }

  Base base_;
  bool damaged_ = false;
};

// What has been referred to so far, in the order of its numbers.
struct WrittenReferences {
  std::vector<KeptStatement> statements;
  std::unordered_map<const StatementInfo*, uint64_t> statement_numbers;
  std::vector<std::shared_ptr<LoopRun>> runs;
  std::unordered_map<const LoopRun*, uint64_t> run_numbers;
};

class ScopeWriter : public ScopeArchive<ScopeWriter, Writer> {
 public:
  ScopeWriter(WrittenReferences& references, bool keep_values)
      : ScopeArchive(Writer()), keep_values_(keep_values), references_(references) {}
  const std::string& bytes() const { return base_.bytes; }
  bool keep_values() const { return keep_values_; }
  void execution_id(uint64_t& id) { one(id); }

  void pattern(Pattern* pattern) {
    PatternKey key = pattern == nullptr ? kNoPattern : pattern->key;
    one(key);
  }
  void statement(const std::shared_ptr<StatementInfo>& info) {
    uint64_t number = 0;
    if (info != nullptr) {
      const auto [at, fresh] =
          references_.statement_numbers.try_emplace(info.get(), references_.statements.size() + 1);
      if (fresh) {
        const bool own = !info->reference_text.empty() || info->pattern == nullptr;
        references_.statements.push_back(
            {info->key, own ? std::string(info->reference_text) : info->pattern->reference_text.str()});
      }
      number = at->second;
    }
    one(number);
  }
  void run(const std::shared_ptr<LoopRun>& run) {
    uint64_t number = 0;
    if (run != nullptr) {
      const auto [at, fresh] = references_.run_numbers.try_emplace(run.get(), references_.runs.size() + 1);
      if (fresh) references_.runs.push_back(run);
      number = at->second;
    }
    one(number);
  }

 private:
  bool keep_values_;
  WrittenReferences& references_;
};

class ScopeReader : public ScopeArchive<ScopeReader, Reader> {
 public:
  ScopeReader(std::string_view bytes, uint64_t used_executions, const ScopeReferences& references)
      : ScopeArchive(Reader(bytes)), used_executions_(used_executions), references_(references) {}
  bool failed() const { return damaged_ || base_.failed(); }
  bool at_end() const { return base_.at_end(); }
  bool keep_values() const { return true; }

  void execution_id(uint64_t& id) {
    one(id);
    if (id != 0) id += used_executions_;
  }
  void pattern(Pattern*& pattern) {
    PatternKey key;
    one(key);
    if (key == kNoPattern || failed()) return;
    pattern = references_.pattern(key);
    check(pattern != nullptr);
  }
  // The number that a statement's pattern now has.
  uint32_t ordinal(const PatternKey& key) {
    const uint32_t ordinal = failed() ? 0 : references_.ordinal(key);
    check(ordinal != 0);
    return ordinal;
  }
  void statement(std::shared_ptr<StatementInfo>& info) { refer(statements_, info); }
  void run(std::shared_ptr<LoopRun>& run) { refer(runs_, run); }

  void read_statements() {
    std::vector<KeptStatement> texts;
    one(texts);
    for (const KeptStatement& text : texts) {
      if (failed()) return;
      statements_.push_back(references_.statement(text.key, text.text));
      check(statements_.back() != nullptr);
    }
  }
  void read_runs() {
    uint64_t size = 0;
    for (one(size); size > 0 && !failed(); --size) {
      runs_.push_back(std::make_shared<LoopRun>());
      fields(*this, *runs_.back());
    }
  }

 private:
  template <typename Shared>
  void refer(const std::vector<Shared>& known, Shared& shared) {
    uint64_t number = 0;
    one(number);
    check(number <= known.size());
    if (number != 0 && !failed()) shared = known[number - 1];
  }

  uint64_t used_executions_;
  const ScopeReferences& references_;
  std::vector<std::shared_ptr<StatementInfo>> statements_;
  std::vector<std::shared_ptr<LoopRun>> runs_;
};

}  // namespace pgsieve
