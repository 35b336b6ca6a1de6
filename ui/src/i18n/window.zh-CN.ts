// 窗口的中文：置顶、只看内容、侧边窗口、全局快捷键、启动。
import type { windowEn } from "./window.en";
import type { Words } from "./en";

export const windowZhCN = {
  "window.pin": "置顶",
  "window.unpin": "取消置顶",
  "window.cannotPin": "当前桌面（Wayland）不允许程序把自己的窗口置顶。窗口自带的菜单也许可以。",
  "window.side": "侧边窗口",
  "window.main": "完整窗口",
  "window.strip": "只看内容",
  "window.dress": "显示控件",
  "window.grip": "移动窗口",
  "window.reset": "重置窗口",
  "window.reset.hint": "两个窗口恢复完整、不透明，并回到屏幕中央。托盘里也有。",

  "settings.search": "搜索设置",
  "settings.none": "没有这样的设置。",
  "settings.looks": "外观",
  "settings.windows": "窗口",
  "settings.attention": "提醒",
  "settings.hotkeys": "全局快捷键",
  "settings.desk": "问答台",
  "settings.opacity": "侧边窗口的背景",
  "settings.opacity.hint": "文字始终不透明。桌面不支持窗口混合时，背景会变黑。",
  "settings.rest": "隐藏多久后让窗口休息",
  "settings.rest.hint": "届时释放页面和它占用的内存，房间照常运行；再次显示需要片刻。",
  "settings.seconds": { other: "{n} 秒" },
  "settings.minutes": { other: "{n} 分钟" },
  "settings.autostart": "随系统启动",
  "settings.startHidden": "不显示窗口，只在托盘",

  "hotkey.toggle": "显示或隐藏 Aside",
  "hotkey.markRead": "全部标为已读",
  "hotkey.write": "在房间里发言",
  "hotkey.none": "无",
  "hotkey.press": "请按下快捷键…",
  "hotkey.hint": "游戏或其他程序占用键盘时也有效。Esc：保持不变。Backspace：清除。",
  "hotkey.unsupported": "当前桌面（Wayland）没有全局快捷键。可以在桌面自己的设置里把按键绑定到 aside 命令：它会显示窗口。",

  "error.hotkey_unsupported": "当前桌面没有全局快捷键。",
  "error.hotkey_invalid": "这个键不能用。",
  "error.hotkey_bare": "这个键要用来打字，请和 Ctrl、Alt 或系统键一起按。",
  "error.hotkey_doubled": "这里的另一个操作已经用了这个键。",
  "error.hotkey_taken": "{key} 已被其他程序占用，请换一个。",
  "error.autostart_failed": "系统没有允许更改启动项。",
  "notice.hotkey_taken": "快捷键 {key} 现在被其他程序占用了，请在设置里换一个。",
} satisfies Record<keyof typeof windowEn, Words>;
