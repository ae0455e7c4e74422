#include "analyzer/report/scale.h"

#include <fmt/format.h>

#include <algorithm>

#include "analyzer/report/escape.h"
#include "analyzer/report/layout.h"

namespace pgsieve {

namespace {

constexpr size_t kMaxStatements = 20;
constexpr size_t kMaxQueryBytes = 400;
constexpr size_t kMaxList = 60;

std::string percent(double share) {
  return share > 0 && share < 0.001 ? "< 0.1 %" : fmt::format("{:.1f} %", share * 100);
}

}  // namespace

void append_text_scale(std::string& out, const ScaleProjection& projection, const ReportStyle& style) {
  const Paint paint(style.color);
  const size_t width = std::max<size_t>(style.width, 60);
  const auto turning = static_cast<uint64_t>(
      std::ranges::count_if(projection.statements, [](const ScaledStatement& each) { return each.turns; }));
  out += "\n" + paint.bold(fmt::format("At {:g} times the rows", projection.factor)) + "\n";
  const std::string turn = fmt::format(
      "{} from harmless (quicker than {:g} ms and less than {:g} % of the time) to dominant ({:g} s per "
      "call, or {:g} % "
      "of the time)",
      turning == 1 ? "1 statement turns" : fmt::format("{} statements turn", turning), kHarmlessMs,
      kDominantShare * 100, kDominantMs / 1000, kDominantShare * 100);
  out += "  " +
         wrap(fmt::format("all statements: {} -> {}; {}", human_duration(projection.now_total_ms),
                          human_duration(projection.then_total_ms), turn),
              width - 2, "  ") +
         "\n";
  size_t number = 0;
  for (const ScaledStatement& each : projection.statements) {
    if (++number > kMaxStatements) {
      out += fmt::format("  and {} more that grow\n", projection.statements.size() - kMaxStatements);
      break;
    }
    std::string head = fmt::format("{} -> {} per call, {} -> {} of the time, {}", human_duration(each.now_ms),
                                   human_duration(each.then_ms), percent(each.now_share),
                                   percent(each.then_share), counted(each.calls, "call"));
    out += fmt::format("  {:>2}. {}{}\n", number, each.turns ? paint.yellow("turns: ") : "", head);
    const std::string margin(6, ' ');
    out += margin +
           wrap(escape_terminal(shorten(compact_query(each.query, kMaxList), kMaxQueryBytes)),
                width - margin.size(), margin) +
           "\n";
    out += margin +
           wrap(escape_terminal(fmt::format("{}: {}", growth_name(each.growth), each.reason)),
                width - margin.size(), margin) +
           "\n";
    out += margin + each.arithmetic + "\n";
  }
  if (projection.without_durations != 0)
    out += fmt::format("  {} without durations can't be projected\n",
                       counted(projection.without_durations, "statement"));
  for (const std::string& assumption : projection.assumptions)
    out += "  " + paint.dim("assumes ") + wrap(assumption, width - 10, std::string(10, ' ')) + "\n";
}

void write_scale(JsonWriter& json, const ScaleProjection& projection) {
  json.begin_object();
  json.member("factor", projection.factor);
  json.member("overhead_ms", projection.overhead_ms);
  json.member("now_total_ms", projection.now_total_ms);
  json.member("then_total_ms", projection.then_total_ms);
  json.member("without_durations", projection.without_durations);
  json.key("statements");
  json.begin_array();
  for (const ScaledStatement& each : projection.statements) {
    json.begin_object();
    json.member("fingerprint", fingerprint_hex(each.pattern.fingerprint));
    json.member("query", each.query);
    json.member("calls", each.calls);
    json.member("growth", growth_name(each.growth));
    json.member("reason", each.reason);
    json.member("now_ms", each.now_ms);
    json.member("then_ms", each.then_ms);
    json.member("now_share", each.now_share);
    json.member("then_share", each.then_share);
    json.member("arithmetic", each.arithmetic);
    json.member("turns", each.turns);
    json.end_object();
  }
  json.end_array();
  json.key("assumptions");
  json.begin_array();
  for (const std::string& assumption : projection.assumptions) json.value(assumption);
  json.end_array();
  json.end_object();
}

}  // namespace pgsieve
