#include "agent/replay_patience.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace certferry::agent {

Findings ReplayPatience::to_tell(Findings found, Time now) {
  const auto others =
      std::stable_partition(found.begin(), found.end(), [](const Finding& one) { return one.id == "CF2217"; });
  Findings replays(std::make_move_iterator(found.begin()), std::make_move_iterator(others));
  Findings told(std::make_move_iterator(others), std::make_move_iterator(found.end()));
  if (replays.empty()) {
    due_.reset();
  } else if (replays_.empty()) {
    due_ = now + kPatience;
  } else if (!due_ && replays != replays_) {
    told.insert(told.end(), replays.begin(), replays.end());
  }
  replays_ = std::move(replays);
  return told;
}

Findings ReplayPatience::overdue(Time now) {
  if (!due_ || now < *due_) return {};
  due_.reset();
  return replays_;
}

}  // namespace certferry::agent
