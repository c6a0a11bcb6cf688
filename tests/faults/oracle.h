// ExpectedDatabase: what a database must hold after the steps of a workload, and its comparison with the real one.
#ifndef OCHRE_TESTS_FAULTS_ORACLE_H_
#define OCHRE_TESTS_FAULTS_ORACLE_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ochre/ochre.h"
#include "tests/faults/workload.h"
#include "tests/model/reference_store.h"

namespace ochre {

struct ExpectedCollection {
  Space space;
  int64_t tag;  // its metadata is {"tag": tag}
  ReferenceStore records;
};

// A value; copies share what neither changes, so that the states after every step of a workload cost little.
class ExpectedDatabase {
 public:
  void Apply(const Step& step);
  void Set(std::map<std::string, std::shared_ptr<const ExpectedCollection>> collections) {
    collections_ = std::move(collections);
  }

  // By name.
  const std::map<std::string, std::shared_ptr<const ExpectedCollection>>& collections() const { return collections_; }

 private:
  std::map<std::string, std::shared_ptr<const ExpectedCollection>> collections_;
};

// Element i: after the first i steps.
std::vector<ExpectedDatabase> StatesOf(const std::vector<Step>& steps);

// The comparisons return what differs first, "" if nothing does. An error of a read is a difference, which ends in the
// status.

// Every record with all its columns, the count, reads by ids and filters, exact queries (the same hits, distances and
// order), graph queries (right distances, half of the nearest at least; the same hits where there is no graph), and
// Client::Verify.
std::string DifferenceOf(const Client& client, const Collection& collection, const ExpectedCollection& expected);
// The columns alone: cheap, to find out which of many states this is.
std::string DifferenceOfRecords(const Collection& collection, const ExpectedCollection& expected);
// The same for all collections, and that there are no others.
std::string DifferenceOf(const Client& client, const ExpectedDatabase& expected);

// DifferenceOf, then writes to every collection, compares, opens again, compares, compacts, compares, opens again, and
// looks, unless told not to, whether segments/ holds a folder for each segment and no more. `expected` is what the
// database holds; the database is left closed.
std::string DifferenceAfterGoingOn(OpenDatabase& database, ExpectedDatabase expected, bool look_for_garbage = true);

}  // namespace ochre

#endif  // OCHRE_TESTS_FAULTS_ORACLE_H_
