// 时间线视图的中文。
import type { Words } from "./en";
import type { viewsEn } from "./views.en";

export const viewsZhCN = {
  "views.label": "时间线的视图",
  "views.all": "全部",
  "views.questions": "提问",
  "views.mentions": "提到我的",
  "views.staff": "工作人员",
  "views.news": "{n} 条新内容",
  "views.make": "新建视图",
  "views.change": "修改视图“{name}”",
  "views.further": "继续向前查找",
  "views.notYet": "目前查找到此为止。",
  "views.empty.questions": "还没有提问。",
  "views.empty.mentions": "还没有人提到你。",
  "views.empty.staff": "工作人员还没有发言。",
  "views.empty.own": "还没有符合此视图的内容。",
  "views.hint.questions": "观众的提问会自动出现在这里。",
  "views.hint.mentions": "包含你名字的内容，以及你的规则标出的内容。",
  "views.hint.staff": "回答，以及主办方人员的发言。",
  "views.hint.own": "符合条件的新内容会自动出现在这里。",
} satisfies Record<keyof typeof viewsEn, Words>;
