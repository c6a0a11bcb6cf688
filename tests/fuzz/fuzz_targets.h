// The parsers of what comes from outside, each as a function of arbitrary bytes: no input may crash one, exhaust the
// stack, or be accepted and then not survive a round trip. parsers_test.cc runs them over a corpus and its mutations;
// libfuzzer/ makes libFuzzer programs of them. The corpus of FuzzFilterJson is corpus/filter_json, and so on.
#ifndef OCHRE_TESTS_FUZZ_FUZZ_TARGETS_H_
#define OCHRE_TESTS_FUZZ_FUZZ_TARGETS_H_

#include <string_view>

namespace ochre {

// Ends the program, as fuzzers understand it, with the broken property and the input.
void Require(bool holds, const char* property, std::string_view input);

void FuzzFilterJson(std::string_view input);
void FuzzMetadataJson(std::string_view input);
void FuzzConfigurationJson(std::string_view input);
// The bytes as they are, and once more with their last eight replaced by the checksum that fits, without which no
// mutation would get past it.
void FuzzOperationBatch(std::string_view input);

// The files of a segment, with their checksums made right again after every change of the fuzzer's.
void FuzzManifest(std::string_view input);
void FuzzIds(std::string_view input);
void FuzzRecords(std::string_view input);
void FuzzVectors(std::string_view input);
void FuzzCodes(std::string_view input);
void FuzzCalibration(std::string_view input);
void FuzzGraph(std::string_view input);
void FuzzColumns(std::string_view input);
void FuzzDeletionBitmap(std::string_view input);

// Files of other programs.
void FuzzHnswlibFile(std::string_view input);
void FuzzFasttextFile(std::string_view input);  // not there without fastText

// The first line is a filter, the second metadata, the rest a document.
void FuzzFilterEvaluation(std::string_view input);
// The first line is a pattern, the rest a document.
void FuzzRegex(std::string_view input);

// What the server parses of a request; not there without the server.
void FuzzHttpHead(std::string_view input);
void FuzzRoute(std::string_view input);  // the target of a request line
void FuzzChunkedBody(std::string_view input);
void FuzzGunzip(std::string_view input);
void FuzzBase64(std::string_view input);
void FuzzWriteBody(std::string_view input);
void FuzzReadBody(std::string_view input);

}  // namespace ochre

#endif  // OCHRE_TESTS_FUZZ_FUZZ_TARGETS_H_
