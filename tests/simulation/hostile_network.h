// What lies between the administrator's store and the computers: it remembers everything, and forwards what it likes.
#pragma once

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "fleet/topology.h"
#include "store/store.h"

namespace certferry::simulation {

class HostileNetwork {
 public:
  using Entries = std::map<std::string, std::string>;

  // The store's keys of the fleet as they are now.
  void learn(const store::Listing& now);
  // What a faultless network would bring to a computer at that place.
  [[nodiscard]] Entries honest(const fleet::Computer& place) const;
  // Each entry by itself is late (any value that it ever had), lost, or comes as it is; `hostile`: some are another's,
  // forged, cut or bent besides.
  [[nodiscard]] Entries faulty(const fleet::Computer& place, bool hostile, std::mt19937_64& random) const;

 private:
  [[nodiscard]] std::vector<std::string> keys_of(const fleet::Computer& place) const;
  [[nodiscard]] std::string bent(const std::string& key, const std::string& value, std::mt19937_64& random) const;

  Entries now_;
  std::map<std::string, std::vector<std::string>> ever_;
};

}  // namespace certferry::simulation
