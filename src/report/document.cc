#include "report/document.h"

namespace certferry::report {

std::string_view name_of(Status status) {
  switch (status) {
    case Status::kDone: return "done";
    case Status::kNothing: return "nothing to do";
    case Status::kPending: return "pending";
    case Status::kPlanned: return "planned";
    case Status::kShown: return "shown";
    case Status::kFailed: return "failed";
    case Status::kPartly: return "partly done";
  }
  return "failed";
}

}  // namespace certferry::report
