#include "base/result.h"

namespace certferry {

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kFailed: return 1;
    case ErrorKind::kUsage: return 2;
    case ErrorKind::kPartly: return 4;
    case ErrorKind::kRejected:
    case ErrorKind::kUnsupported: return 5;
    case ErrorKind::kNotPermitted: return 6;
    case ErrorKind::kDeclined: return 7;
    case ErrorKind::kUnreachable: return 8;
    case ErrorKind::kConflict: return 9;
  }
  return 1;
}

}  // namespace certferry
