// Takes away from a process what reading a file does not need.
#pragma once

namespace certferry::container {

enum class CpuLimit {
  kOneMinute,  // for the whole life of the process
  kByParent,   // none: the parent watches how long each file takes
};

// For a freshly forked child: closes every descriptor but `keep`, limits memory (512 MiB, not under sanitizers), CPU
// time, file sizes and core dumps to what is needed, and allows only memory management, writing to `keep` and reading
// from it, and ending. Ends the process with status 3 where one of them cannot be set: a file is never read without them.
void confine_this_process(int keep, CpuLimit cpu);

}  // namespace certferry::container
