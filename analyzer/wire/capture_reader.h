// The reader of packet captures: pcap and pcapng files become Events like any log.
#pragma once

#include "analyzer/capture/ingest.h"

namespace pgsieve {

// To be put into IngestOptions::formats.
InputFormat packet_capture_format();

}  // namespace pgsieve
