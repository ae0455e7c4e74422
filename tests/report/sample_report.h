// A small report with everything in it, hostile text included.
#pragma once

#include "analyzer/report/report.h"

namespace pgsieve {

struct SampleReport {
  SampleReport();
  SampleReport(const SampleReport&) = delete;
  SampleReport& operator=(const SampleReport&) = delete;

  IngestStats ingest;
  Workload workload;
  std::vector<Finding> findings;
  Report report;
};

// Text that would act on a terminal, in HTML, in Markdown, in a workflow, and is no valid UTF-8.
inline constexpr const char* kHostile = "x\x1b[31m<b>`|%0A::error::\r\n\xff\xe2\x80\xae\"end";

}  // namespace pgsieve
