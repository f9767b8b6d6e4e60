include $(sort $(wildcard $(BR2_EXTERNAL_PILOTLIGHT_PATH)/package/*/*.mk))
