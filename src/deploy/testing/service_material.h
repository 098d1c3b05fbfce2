// Materials for the tests of bindings and services. Not part of the program.
#pragma once

#include <string>

#include "deploy/materials.h"
#include "x509/testing/certificate_maker.h"

namespace certferry::deploy::testing {

// A certificate for web.litwareinc.com below an intermediate, anew for each label, with an own key for each label.
[[nodiscard]] Materials service_material(const std::string& label,
                                         x509::testing::KeyKind kind = x509::testing::KeyKind::kP256);

}  // namespace certferry::deploy::testing
