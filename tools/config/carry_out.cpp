// SPDX-License-Identifier: GPL-2.0
#include "config/carry_out.hpp"

#include <algorithm>
#include <cerrno>

namespace kinetd::config {

namespace {

/// What of the file a path stands for: of services/web/port services.web.port.
std::string what_of(const Step &step, const std::string &path) {
    if (path.rfind("services/", 0) != 0 && path.rfind("pools/", 0) != 0)
        return step.what;
    auto what = path;
    std::replace(what.begin(), what.end(), '/', '.');
    return what;
}

class Run {
public:
    explicit Run(Target &target) : target_(target) {}

    Outcome run(const Plan &plan) {
        for (const auto &step : plan.steps) {
            auto failure = take(step);
            if (failure && step.optional) {
                outcome_.skipped.push_back(std::move(*failure));
            } else if (failure) {
                outcome_.failure = std::move(failure);
                take_back();
                break;
            }
        }
        return std::move(outcome_);
    }

private:
    std::optional<Failure> take(const Step &step) {
        if (!step.module.empty())
            return load(step);
        auto writes = step.writes;
        for (std::size_t i = 0; i < writes.size(); i++) {
            int code = write(writes[i]);
            if (code == EADDRINUSE && i == 0 && step.either_way) {
                std::reverse(writes.begin(), writes.end());
                code = write(writes[0]);
            }
            const auto &[path, value, undo] = writes[i];
            if (code != 0)
                return Failure{what_of(step, path), target_.explain(code, path, value)};
        }
        return std::nullopt;
    }

    int write(const Write &write) {
        const int code = target_.write(write.path, write.value);
        if (code == 0)
            done_.push_back({"", write.undo});
        return code;
    }

    std::optional<Failure> load(const Step &step) {
        auto problem = target_.load(step.module);
        if (!problem.empty())
            return Failure{step.what, std::move(problem)};
        done_.push_back({step.module, {}});
        return std::nullopt;
    }

    void take_back() {
        for (auto done = done_.rbegin(); done != done_.rend(); ++done) {
            if (!done->module.empty())
                unload(done->module);
            for (const auto &[path, value] : done->undo)
                undo(path, value);
        }
    }

    void unload(const std::string &module) {
        auto problem = target_.unload(module);
        if (!problem.empty())
            outcome_.left.push_back({"modules." + module, std::move(problem)});
    }

    void undo(const std::string &path, const std::string &value) {
        const int code = target_.write(path, value);
        if (code != 0)
            outcome_.left.push_back({path, target_.explain(code, path, value)});
    }

    struct Done {
        std::string module;
        std::vector<std::pair<std::string, std::string>> undo;
    };

    Target &target_;
    std::vector<Done> done_;
    Outcome outcome_;
};

} // namespace

Outcome carry_out(const Plan &plan, Target &target) {
    return Run(target).run(plan);
}

} // namespace kinetd::config
