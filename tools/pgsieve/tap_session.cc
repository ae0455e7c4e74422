#include "tools/pgsieve/tap_session.h"

#include <fmt/format.h>

#include <utility>

#include "analyzer/report/report.h"
#include "tools/pgsieve/commands.h"
#include "tools/pgsieve/terminal.h"

namespace pgsieve {

Status TapSession::open_recording() {
  if (options_.write.empty()) return {};
  if (options_.write.ends_with(".pcap")) {
    Result<std::unique_ptr<PacketWriter>> writer = PacketWriter::create(options_.write);
    if (!writer) return writer.error();
    pcap_ = std::move(*writer);
  } else {
    Result<std::unique_ptr<ConversationWriter>> writer = ConversationWriter::create(options_.write);
    if (!writer) return writer.error();
    pgcap_ = std::move(*writer);
  }
  return {};
}

Result<std::unique_ptr<TapSession>> TapSession::prepare(const TapOptions& options, const std::string& where) {
  std::unique_ptr<TapSession> session(new TapSession(options));
  if (Status failed = session->open_recording()) return *failed;
  std::unique_ptr<TableNames> names;
  if (!options.server.empty() && options.report.analysis.schema_file.empty())
    names = std::make_unique<TableNames>(options.server);
  session->live_ = std::make_unique<LiveAnalysis>(options.report.analysis, where, std::move(names));
  std::vector<ConversationSink*> sinks;
  if (session->pgcap_ != nullptr) sinks.push_back(session->pgcap_.get());
  if (session->pcap_ != nullptr) sinks.push_back(session->pcap_.get());
  sinks.push_back(session->live_.get());
  session->recorder_ = std::make_unique<Recorder>(
      std::move(sinks), options.no_drop ? Recorder::Overflow::kWait : Recorder::Overflow::kDrop);
  if (!options.metrics.empty()) {
    const Result<SocketAddress> address = parse_socket_address(options.metrics, 9187);
    if (!address) return address.error();
    Result<std::unique_ptr<MetricsServer>> metrics =
        MetricsServer::start(*address, [raw = session.get()] { return raw->page(); });
    if (!metrics) return metrics.error();
    session->metrics_ = std::move(*metrics);
    SocketAddress shown = *address;
    if (!shown.is_unix()) shown.port = session->metrics_->port();
    tell(fmt::format("metrics on http://{}/metrics", shown.text()));
  }
  return session;
}

Status TapSession::start(TapSettings settings) {
  Result<std::unique_ptr<Tap>> tap = Tap::start(std::move(settings), *recorder_);
  if (!tap) return tap.error();
  tap_ = std::move(*tap);
  return {};
}

Status TapSession::start_capture(const std::string& interface, std::vector<uint16_t> ports) {
  if (ports.empty()) ports = {5432};
  live_->listen_for(ports);
  if (pgcap_ != nullptr) live_->copy_to(*pgcap_);
  if (pcap_ != nullptr) live_->copy_to(*pcap_);
  Result<std::unique_ptr<LiveCapture>> capture = LiveCapture::start(
      interface, ports,
      [this](const TcpSegment& segment, Microseconds time) { live_->segment(segment, time); });
  if (!capture) return capture.error();
  capture_ = std::move(*capture);
  return {};
}

std::string TapSession::page() {
  std::string page;
  const LiveAnalysis::Counts live = live_->counts();
  const auto counter = [&](std::string_view name, std::string_view help, uint64_t value) {
    append_metric(page, name, "counter", help, value);
  };
  const auto gauge = [&](std::string_view name, std::string_view help, uint64_t value) {
    append_metric(page, name, "gauge", help, value);
  };
  if (tap_ != nullptr) {
    const TapCounts& tap = tap_->counts();
    counter("pgsieve_connections_total", "Connections accepted.", tap.connections);
    gauge("pgsieve_connections_open", "Connections open now.", tap.open);
    counter("pgsieve_connections_refused_total", "Connections that did not reach the server.", tap.refused);
    counter("pgsieve_client_bytes_total", "Bytes forwarded to the server.", tap.client_bytes);
    counter("pgsieve_server_bytes_total", "Bytes forwarded to clients.", tap.server_bytes);
  }
  if (capture_ != nullptr) {
    const LiveCapture::Counts capture = capture_->counts();
    counter("pgsieve_packets_total", "TCP segments captured.", capture.segments);
    counter("pgsieve_dropped_packets_total", "Packets that the kernel dropped.", capture.dropped);
  }
  counter("pgsieve_dropped_bytes_total", "Bytes forwarded but not analysed.", recorder_->dropped_bytes());
  gauge("pgsieve_queued_bytes", "Bytes that wait to be analysed.", recorder_->queued_bytes());
  counter("pgsieve_statements_total", "Statements executed.", live.executions);
  counter("pgsieve_errors_total", "Statements that failed.", live.errors);
  counter("pgsieve_plans_total", "Plans seen.", live.plans);
  counter("pgsieve_messages_total", "Protocol messages decoded.", live.wire.messages);
  counter("pgsieve_encrypted_connections_total", "Connections that could not be read.", live.wire.encrypted);
  counter("pgsieve_gaps_total", "Holes in what was analysed.", live.wire.gaps);
  gauge("pgsieve_patterns", "Distinct statements known.", live.patterns);
  return page;
}

// One line each on standard error, or one JSON object each where jsonl was asked for.
void TapSession::tell_live(const std::vector<Finding>& findings) const {
  if (findings.empty()) return;
  bool as_lines = false;
  Report report;
  report.findings = findings;
  report.style.show_values = options_.report.show_values;
  for (const OutputSpec& output : options_.report.outputs) {
    if (output.format->name != "jsonl" || !output.file.empty()) continue;
    as_lines = true;
    write_stdout(output.format->write(report));
  }
  if (as_lines) return;
  for (const Finding& finding : findings) {
    tell(fmt::format("{}{}{}: {}", finding.rule, finding.table.empty() ? "" : " on ", finding.table,
                     finding.message));
  }
}

void TapSession::tick() {
  tell_live(live_->new_findings());
  if (options_.report.analysis.store_file.empty()) return;
  const Status failed = live_->commit();
  if (failed && !store_warned_)
    tell_warning(fmt::format("the store can't be written now: {}", failed->to_string()));
  store_warned_ = failed.has_value();
}

int TapSession::finish(Microseconds grace) {
  if (tap_ != nullptr) tap_->stop(grace);
  recorder_->finish();
  metrics_.reset();
  std::vector<std::string> partial;
  if (capture_ != nullptr) {
    const LiveCapture::Counts counts = capture_->counts();
    capture_->stop();
    if (counts.dropped != 0) partial.push_back(fmt::format("The kernel dropped {} packets.", counts.dropped));
    if (counts.unreadable != 0)
      partial.push_back(fmt::format("{} packets could not be read.", counts.unreadable));
    if (!capture_->problem().empty()) partial.push_back("The capture ended early: " + capture_->problem());
  }
  if (recorder_->dropped_bytes() != 0) {
    partial.push_back(
        fmt::format("{} bytes went by faster than they could be analysed.", recorder_->dropped_bytes()));
  }
  if (tap_ != nullptr && tap_->counts().refused != 0)
    tell_warning(
        fmt::format("{} connections failed: {}", tap_->counts().refused.load(), tap_->last_problem()));
  Result<Reading> reading = live_->finish(partial);
  const bool written = (pgcap_ == nullptr || pgcap_->finish()) && (pcap_ == nullptr || pcap_->finish());
  if (!written)
    tell_warning(fmt::format("the recording could not be written completely to {}", options_.write));
  Result<Analysis> analysis =
      reading ? judge(std::move(*reading), options_.report.analysis) : Result<Analysis>(reading.error());
  if (!analysis) {
    tell(analysis.error().to_string());
    return analysis.error().kind == Error::Kind::kUsage ? kExitUsage : kExitInput;
  }
  for (const std::string& warning : analysis->ingest.incomplete) tell_warning(warning);
  const int code = report_on(*analysis, options_.report);
  return code == kExitOk && !written ? kExitInput : code;
}

}  // namespace pgsieve
