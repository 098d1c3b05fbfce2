#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

#include "base/ascii.h"
#include "checks/idn.h"
#include "checks/names.h"
#include "checks/rules.h"

namespace certferry::checks {
namespace {

bool encoded(std::string_view label) { return label.size() > 4 && equal_ignoring_case(label.substr(0, 4), "xn--"); }

bool beyond_ascii(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; });
}

// Calls `each` with every name that has such labels, and its labels in Unicode where they can be read.
void for_each_idn(const Context& context,
                  const std::function<void(const std::string&, const std::vector<std::string>&)>& each) {
  for (const std::string& name : dns_names(context.leaf)) {
    std::vector<std::string> labels = labels_of(name);
    if (std::ranges::none_of(labels, encoded)) continue;
    for (std::string& label : labels) {
      if (!encoded(label)) continue;
      if (std::optional<std::string> unicode = unicode_label(label)) label = *unicode;
    }
    each(name, labels);
  }
}

}  // namespace

void idn_readable(const Context& context, Reporter& report) {
  for (const std::string& name : dns_names(context.leaf)) {
    if (beyond_ascii(name)) {
      report.add(fmt::format("the name {} has characters beyond ASCII, where its xn-- form is needed", name));
      continue;
    }
    for (const std::string& label : labels_of(name)) {
      if (encoded(label) && !unicode_label(label)) {
        report.add(fmt::format("the label {} of {} is no internationalized name", label, name));
      }
    }
  }
}

void idn_mixed_scripts(const Context& context, Reporter& report) {
  for_each_idn(context, [&](const std::string& name, const std::vector<std::string>& labels) {
    for (const std::string& label : labels) {
      std::set<std::string> scripts = scripts_of(label);
      if (usual_mix(scripts)) continue;
      report.add(fmt::format("the label '{}' of {} mixes scripts: {}", label, name, fmt::join(scripts, ", ")));
    }
  });
}

void idn_shown(const Context& context, Reporter& report) {
  for_each_idn(context, [&](const std::string& name, const std::vector<std::string>& labels) {
    std::string shown = fmt::format("{}", fmt::join(labels, "."));
    if (shown != name) report.add(fmt::format("{} is shown to people as {}", name, shown));
  });
}

}  // namespace certferry::checks
