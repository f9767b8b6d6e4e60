//! What there is to say of control groups, in the form of [`unit::ControlGroups`].

use unit::{ControlGroup, ControlGroups, GroupSetting, GroupValue, Seq, UnitId};

use super::encode;
use crate::plan::{GroupPlan, GroupSettingPlan, GroupValuePlan, Plan, RootPlan};

/// Empty if there is nothing.
pub(super) fn groups(plan: &Plan) -> Vec<u8> {
    let said = (0u16..).zip(&plan.units).filter(|(_, unit)| !unit.group.is_default());
    let groups: Vec<u8> = said.flat_map(|(number, unit)| group(number, &unit.group)).collect();
    let RootPlan { controllers, settings } = &plan.manager.groups;
    if groups.is_empty() && *controllers == 0 {
        return Vec::new();
    }
    let root: Vec<u8> = settings.iter().flat_map(setting).collect();
    encode(&ControlGroups {
        controllers: *controllers,
        root: Seq::from_bytes(&root),
        groups: Seq::from_bytes(&groups),
    })
}

fn group(number: u16, plan: &GroupPlan) -> Vec<u8> {
    let settings: Vec<u8> = plan.settings.iter().flat_map(setting).collect();
    encode(&ControlGroup {
        unit: UnitId(number),
        slice: plan.slice.map(UnitId),
        controllers: plan.controllers,
        settings: Seq::from_bytes(&settings),
    })
}

fn setting(plan: &GroupSettingPlan) -> Vec<u8> {
    let GroupSettingPlan { file, required, value } = plan;
    let file = format!("{file}\0");
    let (path, text);
    let value = match value {
        GroupValuePlan::Text(text) => GroupValue::Text(text),
        GroupValuePlan::MemoryShare(share) => GroupValue::MemoryShare(*share),
        GroupValuePlan::TasksShare(share) => GroupValue::TasksShare(*share),
        GroupValuePlan::Device(device) => {
            (path, text) = (format!("{}\0", device.path), &device.text);
            GroupValue::Device(&path, text)
        }
    };
    encode(&GroupSetting { file: &file, required: *required, value })
}
