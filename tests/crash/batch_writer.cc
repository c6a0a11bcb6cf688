#include "tests/crash/batch_writer.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "tests/crash/batches.h"
#include "tests/crash/child_process.h"

namespace ochre {
namespace {

// Ends the process, which its parent takes for a failed test.
void Require(const Status& status, const char* what) {
  if (status.ok()) return;
  std::fprintf(stderr, "batch writer: %s: %s\n", what, status.ToString().c_str());
  std::_Exit(1);
}

template <typename T>
T Require(Result<T> result, const char* what) {
  Require(result.status(), what);
  return std::move(result).value();
}

BatchWriterTask FromArguments(int argc, char** argv) {
  BatchWriterTask task;
  task.directory = argv[2];
  task.durability = static_cast<Durability>(std::atoi(argv[3]));
  task.seed = std::strtoull(argv[4], nullptr, 10);
  task.id_count = std::atoll(argv[5]);
  task.records_max = std::atoll(argv[6]);
  task.tail_records_max = std::atoll(argv[7]);
  task.churn = std::atoi(argv[8]) != 0;
  for (int i = 9; i < argc; ++i) task.first_batches.push_back(std::atoll(argv[i]));
  return task;
}

void Write(const BatchWriterTask& task, int writer, Collection collection) {
  for (int64_t number = task.first_batches[static_cast<size_t>(writer)];; ++number) {
    const Batch batch = MakeBatch(task.seed, writer, number, task.id_count, task.records_max);
    Require(batch.WriteTo(collection), "write");
    const BatchAcknowledged message = {writer, number};
    if (write(ChildProcess::kPipeDescriptor, &message, sizeof(message)) != sizeof(message)) std::_Exit(1);
  }
}

void Churn(Client& client, const Collection& records) {
  std::vector<std::string> ids;
  for (int64_t i = 0; i < kChurnRecords; ++i) ids.push_back(std::to_string(i));
  const std::vector<float> embeddings(static_cast<size_t>(kChurnRecords * kBatchDimension), 1.0f);
  while (true) {
    Collection scratch = Require(client.GetOrCreateCollection(kChurnCollection), "create");
    Require(scratch.Upsert({.ids = ids, .embeddings = {embeddings, kBatchDimension}}), "upsert");
    Require(client.Compact(scratch), "compact scratch");
    Require(client.DeleteCollection(kChurnCollection), "delete");
    Require(client.Compact(records), "compact");
  }
}

}  // namespace

std::vector<std::string> BatchWriterTask::ToArguments() const {
  std::vector<std::string> arguments = {std::string(kBatchWriterArgument),
                                        directory,
                                        std::to_string(static_cast<int>(durability)),
                                        std::to_string(seed),
                                        std::to_string(id_count),
                                        std::to_string(records_max),
                                        std::to_string(tail_records_max),
                                        churn ? "1" : "0"};
  for (const int64_t number : first_batches) arguments.push_back(std::to_string(number));
  return arguments;
}

int RunBatchWriter(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // never outlives the test
  const BatchWriterTask task = FromArguments(argc, argv);
  const auto client = Require(
      Client::Open(task.directory,
                   {.durability = task.durability, .compaction_threads = 2, .tail_records_max = task.tail_records_max}),
      "open");
  const Collection collection = Require(client->GetOrCreateCollection(kBatchCollection), "get or create");
  std::vector<std::thread> threads;
  for (size_t w = 0; w < task.first_batches.size(); ++w) {
    threads.emplace_back([&, writer = static_cast<int>(w)] { Write(task, writer, collection); });
  }
  if (task.churn) threads.emplace_back([&] { Churn(*client, collection); });
  for (std::thread& thread : threads) thread.join();
  return 1;
}

}  // namespace ochre
