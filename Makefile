# What a person runs. `make help` lists it; everything else is the command `wuji` in .venv/bin.

PYTHON ?= $(shell for p in python3.11 /usr/bin/python3.11 python3 python3.12 python3.13; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
WUJI := $(BIN)/wuji
PYTEST := $(BIN)/pytest
PIP := $(BIN)/pip --disable-pip-version-check --no-input
CODE := services shared deploy tests
SOAK_MINUTES ?= 30
# A file's tests share what it starts, so they stay together. Integration tests wait more than they compute.
SIDE_BY_SIDE := --dist loadfile --no-loadscope-reorder
FAULTS ?= faults and not long
FAST := not integration and not e2e and not faults and not long
export PYTHONUTF8 := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo up down reset status doctor format check test unit integration backend e2e faults bench soak long lock clean

help: ## List these targets 列出全部目标
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.web ## Make the virtual environment from the hashed lock file 建立虚拟环境

demo: $(VENV)/.web ## Everything at once: servers, schema, Panlong, cases, the district view 一条命令看演示
	@$(WUJI) demo

up: $(VENV)/.web ## Start the private stack 启动
	@$(WUJI) up

down: $(VENV)/.run ## Stop what was started here, and nothing else 停止
	@$(WUJI) down

reset: $(VENV)/.run ## Stop, and delete .run with all its data 停止并删除数据
	@$(WUJI) reset --yes

status: $(VENV)/.run ## The truth about every process, queue and lag; all URLs 现状
	@$(WUJI) status

doctor: $(VENV)/.web ## Check everything, and say how to mend it 体检
	@$(WUJI) doctor

format: $(VENV)/.dev ## Format the code 格式化
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

check: $(VENV)/.dev ## Lint, types, imports, fast tests: fastest failure first 快速检查
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) unit

unit: $(VENV)/.dev ## Only the fast tests 快速测试
	$(PYTEST) -q -n 2 $(SIDE_BY_SIDE) -m "$(FAST)"

integration: $(VENV)/.dev ## Tests on a real PostgreSQL and RabbitMQ 集成测试
	$(PYTEST) -q --durations=10 -n 3 $(SIDE_BY_SIDE) -m "integration and not e2e and not long" \
		tests/integration tests/contracts tests/faults tests/stateful

e2e: $(VENV)/.dev ## Tests of the whole stack 端到端测试
	WUJI_TEST_RUN_DIR=.run-e2e-servers $(PYTEST) -q --durations=10 -m "e2e and not faults and not long" tests/e2e tests/browser

faults: $(VENV)/.dev ## Kill processes and servers under load 故障测试
	WUJI_TEST_STACK_DIR=.run-faults $(PYTEST) -q --durations=10 -m "$(FAULTS)" tests/faults

backend: integration ## Integration tests, then the faults of a whole stack 集成与故障测试
	$(MAKE) --no-print-directory faults FAULTS="faults and not integration and not long"

long: $(VENV)/.dev ## What takes minutes: whole real inputs over the whole stack 长时间测试
	$(PYTEST) -q -m long

# Two lanes that wait more than they compute, on servers and stacks of their own, side by side.
test: check ## Everything: check, then all tests on real private servers 全部测试
	$(MAKE) --no-print-directory -j2 backend e2e

bench: $(VENV)/.dev ## Measure: a table of ratios, each side by side in one run 性能测量
	@$(WUJI) bench

soak: $(VENV)/.dev ## Fault tests again and again for SOAK_MINUTES (default 30) 长时间故障测试
	@end=$$(($$(date +%s) + $(SOAK_MINUTES) * 60)); round=0; \
	while [ $$(date +%s) -lt $$end ]; do \
		round=$$((round + 1)); echo "soak: round $$round"; $(PYTEST) -q -m faults || exit 1; \
		$(PYTEST) -q -n 2 $(SIDE_BY_SIDE) -m "$(FAST)" --hypothesis-profile=soak tests/stateful tests/unit || exit 1; \
	done; echo "soak: $$round rounds passed"

lock: ## Compile the lock files anew from pyproject.toml 更新锁定文件
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet --disable-pip-version-check uv
	.venv-lock/bin/uv pip compile -q --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		--universal pyproject.toml -o requirements.lock
	.venv-lock/bin/uv pip compile -q --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		--extra dev pyproject.toml -o requirements-dev.lock
	rm -rf .venv-lock

clean: ## Delete the virtual environment and caches, not the data 清理环境与缓存
	rm -rf $(VENV) .venv-lock shared/pages/built .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11 或更新版本 · Python 3.11 or newer is needed: apt-get install python3"; exit 4; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "缺少 venv 模块 · the venv module is missing: apt-get install python3-venv"; exit 4; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock pyproject.toml deploy/sdk/wuji_events/pyproject.toml | $(BIN)/python
	$(PIP) install --progress-bar off --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --no-index -e . -e deploy/sdk/wuji_events
	@touch $@

# What the pages take from npm, by the hashes of its lock file: packages in .venv/web, files in shared/pages/built.
$(VENV)/.web: shared/pages/package-lock.json shared/pages/vendor.toml | $(VENV)/.run
	@$(BIN)/python -m deploy.web.vendor
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run $(VENV)/.web
	$(PIP) install --progress-bar off --require-hashes -r requirements-dev.lock
	@touch $@
