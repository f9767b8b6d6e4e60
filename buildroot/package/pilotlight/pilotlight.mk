################################################################################
#
# pilotlight
#
################################################################################

# The repository that this tree is part of.
PILOTLIGHT_SITE = $(abspath $(BR2_EXTERNAL_PILOTLIGHT_PATH)/..)
PILOTLIGHT_SITE_METHOD = local
PILOTLIGHT_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS = --exclude /target
PILOTLIGHT_LICENSE = MIT or Apache-2.0
PILOTLIGHT_LICENSE_FILES = LICENSE

PILOTLIGHT_BOARD = $(abspath $(call qstrip,$(BR2_PACKAGE_PILOTLIGHT_BOARD)))

ifeq ($(BR2_PACKAGE_PILOTLIGHT)$(BR_BUILDING),yy)
ifeq ($(wildcard $(PILOTLIGHT_BOARD)/board.conf),)
$(error No board.conf in '$(PILOTLIGHT_BOARD)', see BR2_PACKAGE_PILOTLIGHT_BOARD)
endif
endif

# BusyBox installs /sbin/init and its relatives unless they are there already;
# what comes after it replaces them.
ifeq ($(BR2_PACKAGE_BUSYBOX),y)
PILOTLIGHT_DEPENDENCIES += busybox
endif

# A static program at a fixed address. Nothing unwinds: the tables for it would
# be a fifth of the program, and on ARM ask for an unwinder that is not there.
PILOTLIGHT_RUSTFLAGS = -Crelocation-model=static -Cforce-unwind-tables=no
ifeq ($(NORMALIZED_ARCH),arm)
# Buildroot's own flag, which ours replace.
PILOTLIGHT_RUSTFLAGS += -Clink-arg=-Wl,--allow-multiple-definition
# Thumb-2 code is a third smaller than ARM code.
ifeq ($(BR2_ARM_CPU_ARMV7A),y)
PILOTLIGHT_RUSTFLAGS += -Ctarget-feature=+thumb-mode
endif
endif
# Here, and nowhere else, it is both smaller and faster than the profile's "z".
ifeq ($(BR2_x86_64),y)
PILOTLIGHT_RUSTFLAGS += -Copt-level=s
endif

# The profile is Cargo.toml's again, where Buildroot's environment says otherwise.
# Buildroot strips what goes into the image.
PILOTLIGHT_CARGO_ENV = \
	PILOT_BOARD="$(PILOTLIGHT_BOARD)" \
	CARGO_PROFILE_RELEASE_OPT_LEVEL="z" \
	CARGO_PROFILE_RELEASE_LTO="true" \
	CARGO_PROFILE_RELEASE_CODEGEN_UNITS="1" \
	CARGO_PROFILE_RELEASE_STRIP="none" \
	CARGO_TARGET_$(call UPPERCASE,$(RUSTC_TARGET_NAME))_RUSTFLAGS="$(PILOTLIGHT_RUSTFLAGS)"

# Without optimization it does not link: release, whatever BR2_ENABLE_DEBUG says.
PILOTLIGHT_CARGO_BUILD_OPTS = \
	$(if $(BR2_ENABLE_DEBUG),--release) \
	--package pilotlight \
	--bin pilot \
	--features pid1

# Buildroot vendors archives only, and builds offline.
define PILOTLIGHT_FETCH_CRATES
	$(if $(wildcard $(@D)/VENDOR),, \
		cd $(@D) && \
		$(TARGET_MAKE_ENV) $(PKG_COMMON_CARGO_ENV) \
			cargo fetch --locked \
				--target $(RUSTC_TARGET_NAME) \
				--target $(RUSTC_HOST_NAME))
endef
PILOTLIGHT_PRE_CONFIGURE_HOOKS += PILOTLIGHT_FETCH_CRATES

# /init is what the kernel starts from an initramfs.
define PILOTLIGHT_INSTALL_TARGET_CMDS
	$(INSTALL) -D -m 0755 $(@D)/target/$(RUSTC_TARGET_NAME)/release/pilot \
		$(TARGET_DIR)/sbin/init
	ln -sf sbin/init $(TARGET_DIR)/init
	ln -sf init $(TARGET_DIR)/sbin/poweroff
	ln -sf init $(TARGET_DIR)/sbin/reboot
	ln -sf init $(TARGET_DIR)/sbin/halt
	mkdir -p $(TARGET_DIR)/usr/bin
	ln -sf ../../sbin/init $(TARGET_DIR)/usr/bin/pilotctl
endef

define PILOTLIGHT_LINUX_CONFIG_FIXUPS
	$(call KCONFIG_ENABLE_OPT,CONFIG_DEVTMPFS)
	$(call KCONFIG_ENABLE_OPT,CONFIG_EPOLL)
	$(call KCONFIG_ENABLE_OPT,CONFIG_INET)
	$(call KCONFIG_ENABLE_OPT,CONFIG_MULTIUSER)
	$(call KCONFIG_ENABLE_OPT,CONFIG_NET)
	$(call KCONFIG_ENABLE_OPT,CONFIG_PRINTK)
	$(call KCONFIG_ENABLE_OPT,CONFIG_PROC_FS)
	$(call KCONFIG_ENABLE_OPT,CONFIG_SIGNALFD)
	$(call KCONFIG_ENABLE_OPT,CONFIG_SYSFS)
	$(call KCONFIG_ENABLE_OPT,CONFIG_TMPFS)
	$(call KCONFIG_ENABLE_OPT,CONFIG_UNIX)
	# A port without an address is an IPv6 socket that serves IPv4 too.
	$(call KCONFIG_ENABLE_OPT,CONFIG_IPV6)
	# A socket's node that somebody removes comes back; what path units look at.
	$(call KCONFIG_ENABLE_OPT,CONFIG_INOTIFY_USER)
	# Calendars hear of a clock that is set.
	$(call KCONFIG_ENABLE_OPT,CONFIG_TIMERFD)
	# A service that has left its process tree is still found by its cgroup.
	$(call KCONFIG_ENABLE_OPT,CONFIG_CGROUPS)
endef

$(eval $(cargo-package))
