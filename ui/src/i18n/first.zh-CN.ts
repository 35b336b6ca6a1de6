// Chinese words of the first minutes and of the list of rooms: what was pasted, the tour, order and archive, the diagnostic.
import type { Words } from "./en";
import type { firstEn } from "./first.en";

export const firstZhCN: Record<keyof typeof firstEn, Words> = {
  "doors.help": "帮助",

  "join.filledSome": "已填入链接中的内容，其余仍需填写。",
  "join.filledAll": "已从链接填入，包括令牌。",
  "join.filledPage": "已从链接填入，还缺令牌：请向主办方索取。来宾在浏览器中打开该链接则无需令牌。",
  "join.wrong": "这不是房间链接。房间链接以 aside:// 开头，或以 https:// 开头并含有 /r/。请复制完整链接后重新粘贴，或直接填写各项。",
  "join.broken": "这个房间链接已损坏或不完整。请复制完整链接后重新粘贴，或请主办方重新发送。",

  "tour.label": "导览",
  "tour.start": "查看导览",
  "tour.step": "第 {n} 步，共 {all} 步",
  "tour.skip": "跳过",
  "tour.back": "上一步",
  "tour.next": "下一步",
  "tour.done": "完成",
  "tour.keys": "按 Esc 跳过。",
  "tour.questions": "问题就是待办",
  "tour.questions.text": "问题按栏目排列。打开一条开始写：输入第一个字即由你认领，同事都能看到。",
  "tour.ask": "发送或提问",
  "tour.ask.text": "按 Enter 发送。点“提问”，写下的内容就成为主办方能看到的提问。",
  "tour.still": "列表不会乱动",
  "tour.still.text": "向上滚动后内容不再移动。“新内容”按钮显示期间来了多少；按 Esc 回到末尾。",
  "tour.side": "侧边窗口",
  "tour.side.text": "同一个房间的窄窗口，放在游戏或直播软件旁边，可保持置顶。",
  "tour.help": "按键与帮助",
  "tour.help.staff": "按 ? 查看所有按键，均可更改。按 F1 打开指南。",
  "tour.help.text": "随时按 F1 打开指南。",
  "tour.settings": "按你的习惯",
  "tour.settings.text": "语言、颜色、文字大小、通知等都在齿轮图标里。",

  "rooms.up": "上移",
  "rooms.down": "下移",
  "rooms.moved": "{room}：第 {n} 位，共 {all} 位",
  "rooms.archive": "归档",
  "rooms.archived": "已归档的房间",
  "rooms.archivedDone": "{room} 已归档。",
  "rooms.archivedStopped": "{room} 已停止并归档。",
  "rooms.archived.text": "它们已关闭：不再接收内容，也不再通知。此前的内容都保留。",
  "rooms.archived.none": "没有已归档的房间。",
  "rooms.back": "恢复",
  "rooms.removeArchived": "彻底删除…",

  "header.more": "更多",

  "diagnostic.title": "诊断信息",
  "diagnostic.show": "诊断信息…",
  "diagnostic.text": "复制的全部内容如下：版本、数量、状态和代码，均为英文。不含姓名、主题、地址或令牌，也不含任何人写的内容。",
  "diagnostic.copy": "复制诊断信息",
  "diagnostic.copied": "已复制，请粘贴给帮助你的人。",
};
