#include "analyzer/capture/source.h"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <tuple>

namespace pgsieve {
namespace {

namespace fs = std::filesystem;
using Members = std::vector<std::pair<std::string, std::string>>;

std::string gzip(std::string_view text) {
  std::string out(compressBound(text.size()) + 64, '\0');
  z_stream state{};
  deflateInit2(&state, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  state.avail_in = static_cast<uInt>(text.size());
  state.next_out = reinterpret_cast<Bytef*>(out.data());
  state.avail_out = static_cast<uInt>(out.size());
  deflate(&state, Z_FINISH);
  out.resize(state.total_out);
  deflateEnd(&state);
  return out;
}

std::string zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string archive_of(const Members& members, int (*format)(archive*), int (*filter)(archive*) = nullptr) {
  std::string out(1 << 20, '\0');
  for (const auto& member : members) out.resize(out.size() + member.second.size() * 2);
  size_t used = 0;
  archive* writer = archive_write_new();
  format(writer);
  if (filter != nullptr) filter(writer);
  archive_write_set_bytes_in_last_block(writer, 1);
  EXPECT_EQ(archive_write_open_memory(writer, out.data(), out.size(), &used), ARCHIVE_OK);
  for (const auto& [name, text] : members) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(text.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_write_header(writer, entry);
    archive_write_data(writer, text.data(), text.size());
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
  out.resize(used);
  return out;
}

std::string filtered(std::string_view text, int (*filter)(archive*)) {
  return archive_of({{"data", std::string(text)}}, archive_write_set_format_raw, filter);
}

// About 3 MB of lines that compress, but not to nothing.
std::string sample_text() {
  std::string text;
  for (int i = 0; i < 60'000; ++i)
    text += "line " + std::to_string(i) + " of " + std::to_string(static_cast<unsigned>(i) * 2654435761U) +
            " and more text\n";
  return text;
}

class SourceTest : public testing::Test {
 protected:
  SourceTest() {
    std::string pattern = (fs::temp_directory_path() / "pgsieve_source_XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  ~SourceTest() override { fs::remove_all(directory_); }

  std::string write(const std::string& name, std::string_view bytes) {
    const fs::path path = directory_ / name;
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path.string();
  }

  fs::path directory_;
};

struct Read {
  std::string text;
  Status failed;
};

Read read_all(Source& source, size_t want = 100'000) {
  Read read;
  while (true) {
    Result<size_t> got = source.read(read.text, want);
    if (!got) read.failed = got.error();
    if (!got || *got == 0) return read;
  }
}

std::vector<std::unique_ptr<Source>> open_all(const std::string& path) {
  auto sources = open_sources(path);
  EXPECT_TRUE(sources.ok()) << (sources.ok() ? "" : sources.error().to_string());
  return sources.ok() ? std::move(*sources) : std::vector<std::unique_ptr<Source>>();
}

TEST_F(SourceTest, AnArchiveWithAPasswordSaysSo) {
  const auto encrypt = [](archive* writer) {
    archive_write_set_passphrase(writer, "secret");
    return archive_write_set_options(writer, "zip:encryption=zipcrypt");
  };
  const std::string path =
      write("log.zip", archive_of({{"a.log", "text\n"}}, archive_write_set_format_zip, encrypt));
  const auto sources = open_sources(path);
  ASSERT_FALSE(sources.ok());
  EXPECT_EQ(sources.error().message, "the archive is encrypted");
  EXPECT_FALSE(sources.error().hint.empty());
}

TEST_F(SourceTest, EveryCompressionGivesTheSameBytes) {
  const std::string text = sample_text();
  const Members one = {{"dir/server.log", text}};
  const std::vector<std::tuple<std::string, std::string>> files = {
      {"", text},
      {"gzip", gzip(text)},
      {"zstd", zstd(text)},
      {"xz", filtered(text, archive_write_add_filter_xz)},
      {"bzip2", filtered(text, archive_write_add_filter_bzip2)},
      {"lz4", filtered(text, archive_write_add_filter_lz4)},
      {"zip", archive_of(one, archive_write_set_format_zip)},
      {"tar", archive_of(one, archive_write_set_format_ustar)},
      {"tar in gzip", gzip(archive_of(one, archive_write_set_format_pax_restricted))},
      {"7z", archive_of(one, archive_write_set_format_7zip)},
      {"gzip in zstd", zstd(gzip(text))},
      {"gzip in tar in xz", filtered(archive_of({{"a.gz", gzip(text)}}, archive_write_set_format_ustar),
                                     archive_write_add_filter_xz)},
      {"zstd in tar in gzip in zip",
       archive_of({{"x", gzip(archive_of({{"y", zstd(text)}}, archive_write_set_format_gnutar))}},
                  archive_write_set_format_zip)},
  };
  for (const auto& [encoding, bytes] : files) {
    const auto sources = open_all(write("input.bin", bytes));
    ASSERT_EQ(sources.size(), 1U) << encoding;
    const Read read = read_all(*sources[0]);
    EXPECT_FALSE(read.failed) << encoding << ": " << read.failed->to_string();
    EXPECT_TRUE(read.text == text) << encoding << ": " << read.text.size() << " bytes of " << text.size();
    EXPECT_EQ(sources[0]->encoding(), encoding);
    EXPECT_EQ(sources[0]->stored_size(), bytes.size());
    EXPECT_LE(sources[0]->stored_bytes(), bytes.size());
  }
}

std::string utf16(const std::u16string& text, bool big_endian) {
  std::string bytes;
  for (const char16_t unit : u"\uFEFF" + text) {
    const char high = static_cast<char>(unit >> 8), low = static_cast<char>(unit & 0xFF);
    bytes += big_endian ? high : low;
    bytes += big_endian ? low : high;
  }
  return bytes;
}

// PowerShell's "docker logs db > server.log".
TEST_F(SourceTest, Utf16BecomesUtf8) {
  const std::u16string text = u"LOG:  a\u00e9\u65e5\U0001F600\r\n\xD800x\xDC00";
  const std::string wanted = "LOG:  a\xC3\xA9\xE6\x97\xA5\xF0\x9F\x98\x80\r\n\xEF\xBF\xBDx\xEF\xBF\xBD";
  for (const bool big_endian : {false, true}) {
    for (const bool packed : {false, true}) {
      const std::string bytes = utf16(text, big_endian);
      const auto sources = open_all(write("input.log", packed ? gzip(bytes) : bytes));
      ASSERT_EQ(sources.size(), 1U);
      EXPECT_EQ(read_all(*sources[0], 3).text, wanted);
      EXPECT_EQ(sources[0]->encoding(), packed ? "UTF-16 in gzip" : "UTF-16");
    }
  }
  const auto cut = open_all(write("input.log", utf16(u"LOG", false) + "x"));
  EXPECT_EQ(read_all(*cut[0]).text, "LOG\xEF\xBF\xBD");
}

// "docker logs db >> server.log": without a mark.
TEST_F(SourceTest, Utf16WithoutAMark) {
  std::u16string text;
  for (int i = 0; i < 5; ++i) text += u"2026-11-22 01:02:03 UTC [77] LOG:  caf\u00e9\r\n";
  for (const bool big_endian : {false, true}) {
    const auto sources = open_all(write("input.log", utf16(text, big_endian).substr(2)));
    ASSERT_EQ(sources.size(), 1U);
    EXPECT_EQ(sources[0]->encoding(), "UTF-16");
    EXPECT_TRUE(read_all(*sources[0]).text.starts_with("2026-11-22 01:02:03 UTC [77] LOG:  caf\xC3\xA9\r\n"));
  }
  EXPECT_EQ(open_all(write("zeros", std::string(4096, '\0')))[0]->encoding(), "");
}

TEST_F(SourceTest, WhatMacOsAddsToAnArchiveIsNoLog) {
  const auto sources =
      open_all(write("a.zip", archive_of({{"a.log", "text"}, {"__MACOSX/._a.log", "x"}, {"b/._c", "x"}},
                                         archive_write_set_format_zip)));
  ASSERT_EQ(sources.size(), 1U);
  EXPECT_EQ(read_all(*sources[0]).text, "text");
}

TEST_F(SourceTest, ArchiveMembersAreSourcesInAnyReadingOrder) {
  Members members;
  for (int i = 0; i < 5; ++i)
    members.emplace_back("log" + std::to_string(i),
                         "content " + std::to_string(i) + "\n" + std::string(300'000, 'x'));
  members.emplace_back("empty", "");
  members.emplace_back("nested.tar", archive_of({{"in/a", "first\n"}, {"in/b", gzip("second\n")}},
                                                archive_write_set_format_ustar));
  const std::string path = write("logs.bin", gzip(archive_of(members, archive_write_set_format_ustar)));
  for (const bool backwards : {false, true}) {
    const auto sources = open_all(path);
    ASSERT_EQ(sources.size(), 7U);
    EXPECT_EQ(sources[1]->name(), path + "!log1");
    EXPECT_EQ(sources[6]->name(), path + "!nested.tar!in/b");
    EXPECT_EQ(sources[6]->encoding(), "gzip in tar in tar in gzip");
    for (size_t k = 0; k < sources.size(); ++k) {
      const size_t i = backwards ? sources.size() - 1 - k : k;
      const Read read = read_all(*sources[i]);
      EXPECT_FALSE(read.failed);
      const std::string expected = i < 5 ? members[i].second : i == 5 ? "first\n" : "second\n";
      EXPECT_TRUE(read.text == expected) << i;
    }
  }
}

TEST_F(SourceTest, GzipMembersAndPadding) {
  const auto sources =
      open_all(write("a", gzip("one\n") + gzip("") + gzip("two\n") + std::string(512, '\0')));
  ASSERT_EQ(sources.size(), 1U);
  const Read read = read_all(*sources[0]);
  EXPECT_FALSE(read.failed);
  EXPECT_EQ(read.text, "one\ntwo\n");
}

TEST_F(SourceTest, DamageIsReportedAfterWhatWasReadable) {
  const std::string text = sample_text();
  const auto gz = gzip(text), zs = zstd(text), xz = filtered(text, archive_write_add_filter_xz);
  const auto tar = gzip(archive_of({{"a", text}, {"b", text}}, archive_write_set_format_ustar));
  for (const std::string* whole : {&gz, &zs, &xz, &tar}) {
    const auto sources = open_all(write("cut", whole->substr(0, whole->size() * 2 / 3)));
    ASSERT_FALSE(sources.empty());
    std::string all;
    Status failed;
    for (const auto& source : sources) {
      Read read = read_all(*source);
      all += read.text;
      if (read.failed) failed = read.failed;
    }
    ASSERT_TRUE(failed);
    EXPECT_FALSE(failed->message.empty());
    EXPECT_FALSE(failed->file.empty());
    EXPECT_GT(all.size(), text.size() / 3);
    EXPECT_TRUE((text + text).starts_with(all));
  }
  std::string bad = gz;
  for (size_t i = bad.size() / 2; i < bad.size() / 2 + 200; ++i) bad[i] = static_cast<char>(~bad[i]);
  const auto sources = open_all(write("bad", bad));
  ASSERT_EQ(sources.size(), 1U);
  EXPECT_TRUE(read_all(*sources[0]).failed);
  const auto trailing = open_all(write("trailing", gzip("text\n") + "garbage"));
  const Read read = read_all(*trailing[0]);
  EXPECT_EQ(read.text, "text\n");
  EXPECT_TRUE(read.failed);
}

// Made by hand: a frame of one byte whose header asks for a window of 2 GiB.
TEST_F(SourceTest, AWideWindowIsSaidToBeOne) {
  const std::string frame("\x28\xB5\x2F\xFD\x00\xA8\x09\x00\x00x", 10);
  const auto opened = open_sources(write("wide.zst", frame));
  const std::string told =
      opened ? read_all(*opened->front()).failed->to_string() : opened.error().to_string();
  EXPECT_NE(told.find("128 MiB"), std::string::npos) << told;
  EXPECT_NE(told.find("--long=31"), std::string::npos) << told;
}

TEST_F(SourceTest, ReaderMayStopEarly) {
  const auto sources = open_all(write("big", gzip(sample_text() + sample_text())));
  std::string buffer;
  ASSERT_TRUE(sources[0]->read(buffer, 10).ok());
  EXPECT_EQ(buffer, "line 0 of ");
}

TEST_F(SourceTest, PipesStreamAndArchivesInThemToo) {
  const std::string text = sample_text();
  const Members members = {{"a", text}, {"b", "second\n"}};
  for (const auto& bytes :
       {text, gzip(text), zstd(archive_of(members, archive_write_set_format_ustar)), std::string()}) {
    const std::string path = (directory_ / "pipe").string();
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    std::thread writer([&] {
      std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    });
    const auto sources = open_all(path);
    std::string all;
    for (const auto& source : sources) {
      const Read read = read_all(*source);
      EXPECT_FALSE(read.failed);
      all += read.text;
    }
    writer.join();
    EXPECT_TRUE(all == (bytes.empty() ? "" : sources.size() == 2 ? text + "second\n" : text));
    fs::remove(path);
  }
}

TEST_F(SourceTest, NamesAreNotBelieved) {
  const auto sources = open_all(write("plain.gz", "not compressed\n"));
  EXPECT_EQ(read_all(*sources[0]).text, "not compressed\n");
  EXPECT_EQ(sources[0]->encoding(), "");
}

TEST_F(SourceTest, MissingFileAndDirectory) {
  EXPECT_FALSE(open_sources((directory_ / "none").string()).ok());
  EXPECT_FALSE(open_sources(directory_.string()).ok());
}

TEST_F(SourceTest, ExpandInputs) {
  write("b.log", "b");
  write("a.log", "a");
  write(".hidden", "h");
  write("c.csv", "c");
  const auto listed = expand_inputs({directory_.string(), "-"});
  ASSERT_TRUE(listed.ok());
  const std::string base = directory_.string() + "/";
  EXPECT_THAT(*listed, testing::ElementsAre(base + "a.log", base + "b.log", base + "c.csv", "-"));
  const auto globbed = expand_inputs({base + "*.log"});
  ASSERT_TRUE(globbed.ok());
  EXPECT_THAT(*globbed, testing::ElementsAre(base + "a.log", base + "b.log"));
  EXPECT_FALSE(expand_inputs({base + "*.none"}).ok());
  EXPECT_FALSE(expand_inputs({base + "missing"}).ok());
}

TEST_F(SourceTest, ContentIdentity) {
  std::string text(500'000, 'x');
  const auto first = content_identity(write("one", text));
  const auto same = content_identity(write("two", text));
  ASSERT_TRUE(first.ok() && same.ok());
  EXPECT_TRUE(*first == *same);
  text[250'000] = 'y';
  EXPECT_FALSE(*content_identity(write("three", text)) == *first);
  text += 'x';
  EXPECT_FALSE(*content_identity(write("four", text)) == *first);
  EXPECT_FALSE(content_identity((directory_ / "none").string()).ok());
}

}  // namespace
}  // namespace pgsieve
